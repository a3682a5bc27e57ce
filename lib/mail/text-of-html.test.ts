import { describe, expect, it } from 'vitest';
import { leastMs } from '../../infra/test/cost.ts';
import { textOfHtml } from './text-of-html.ts';

/** Of this process alone: other test files run beside this one. */
it('reads what a reader would see', () => {
  const html = `<html><head><title>Not this</title><style>p { color: red }</style></head><body>
    <h1>Grüße</h1><p>Your order &lt;7&gt; is <a href="https://example.com/o?a=1&amp;b=2">on its way</a>.<br>See
    <a href="https://example.com/">https://example.com/</a></p><ul><li>one</li><li>two</li></ul>
    <img src="cid:logo" alt="Our shop"><img src="https://example.com/pixel.gif"><script>alert(1)</script></body></html>`;
  expect(textOfHtml(html)).toBe(
    [
      'Grüße',
      '',
      'Your order <7> is on its way [https://example.com/o?a=1&b=2].',
      'See https://example.com/',
      '',
      ' * one',
      ' * two',
      '',
      'Our shop',
    ].join('\n'),
  );
});

it.each(['', '<p> </p>', '<img src="x.png">', '<style>p {}</style>'])('of %j there is nothing to read', (html) => {
  expect(textOfHtml(html)).toBeUndefined();
});

describe('what it would take too long to read goes without', () => {
  it.each<[string, string, boolean]>([
    ['1 MB of nested elements', '<div>'.repeat(200_000), false],
    ['200 kB of nested elements', '<div>'.repeat(39_000), false],
    ['nesting behind ends of what is not open', '<b></x>'.repeat(28_000), false],
    ['nesting behind ends in comments', '<b><!--</b>-->'.repeat(14_000), false],
    ['nesting of cells', '<p><td>'.repeat(28_000), false],
    ['a long text', `<p>${'word '.repeat(100_000)}</p>`, false],
    ['an attribute without end', '<a b="'.repeat(33_000), false],
    ['a style sheet without a brace', `<style>${'a'.repeat(190_000)}</style>x`, true],
    ['comments in a style sheet that do not end', `<style>${'/*'.repeat(95_000)}</style>x`, true],
    ['a rule that does not end', `<style>a{${'b'.repeat(95_000)}}${'c{'.repeat(40_000)}</style>x`, true],
    ['an opacity of many digits', `<p style="opacity:${'0'.repeat(190_000)}x">x</p>`, true],
    ['a height of many digits', `<p style="max-height:${'0'.repeat(190_000)}?">x</p>`, true],
    ['spaces behind what has no width', `<p>x\u200b${'\u00a0'.repeat(190_000)}x</p>`, true],
    ['what has no width among spaces', `<p>x${'\u200b\u00a0'.repeat(95_000)}x</p>`, true],
    ['many rows', `<table>${'<tr><td>x</td></tr>'.repeat(10_000)}</table>`, true],
    ['many links', '<a href="https://example.com/">x</a> '.repeat(5_000), true],
  ])('%s', (_what, html, hasText) => {
    expect(textOfHtml(html) !== undefined).toBe(hasText);
    expect(leastMs(() => textOfHtml(html), 1_500, 5)).toBeLessThanOrEqual(1_500);
  });
});

describe('lists that cannot be counted as they ask', () => {
  it.each([
    ['<ol type="I" start="10000"><li>x', '10000. x'],
    ['<ol type="i" start="3999"><li>x<li>y', '3999. x\n 4000. y'],
    ['<ol type="I" start="0"><li>x', '0. x'],
    ['<ol type="a" start="-5"><li>x', '-5. x'],
    ['<ol type="A" start="1e300"><li>x', '1. x'],
    ['<ol type="i" start="Infinity"><li>x', '1. x'],
    ['<ol type="a" start="1.5"><li>x', '1. x'],
    ['<ol type="I" start="x"><li>x', '1. x'],
    ['<ol type="I" start="4"><li>x<li>y', 'IV. x\n V.  y'],
    ['<ol type="a" start="26"><li>x<li>y', 'z.  x\n aa. y'],
  ])('%s', (html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });
});

describe('cells, rows and terms are apart', () => {
  it.each([
    ['a table of values', '<table><tr><th>Item<th>Price<tr><td>Pear<td>1.00</table>', 'Item Price\nPear 1.00'],
    [
      'tables that lay out',
      '<table><tr><td><table><tr><td><p>A</p></td><td>B</td></tr></table></td></tr></table>C',
      'A\n\nB\n\nC',
    ],
    [
      'sections of a table',
      '<table><caption>Cap</caption><thead><tr><td>a</td><td></td><td>b</td></tr></thead><tbody><tr><td>c',
      'Cap\na b\nc',
    ],
    ['a list of terms', '<dl><dt>Name</dt><dd>Jane</dd><dt>City</dt><dd>Bonn</dd></dl>', 'Name\nJane\nCity\nBonn'],
    ['figures and addresses', '<figure>a<figcaption>b</figcaption></figure><address>c</address>d', 'a\nb\nc\nd'],
    [
      'buttons under each other',
      '<a style="display:block" href="https://a.test">A</a><a style="display: block">B</a>',
      'A [https://a.test]\nB',
    ],
    [
      'buttons side by side',
      '<a href="https://a.test">A</a><a href="https://b.test"><img alt="B"></a>',
      'A [https://a.test] B [https://b.test]',
    ],
  ])('%s', (_what, html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });

  it('leaves out references that nobody can follow', () => {
    const html = ['javascript:alert(1)', ' data:text/html,x', 'cid:a', '#top']
      .map((href) => `<a href="${href}">x</a>`)
      .join(' ');
    expect(textOfHtml(html)).toBe('x x x x');
  });
});

describe('what is hidden from a reader is not in the text', () => {
  it.each([
    ...[
      'display:none',
      'DISPLAY : None !important',
      'color:red;display:none',
      'visibility:hidden',
      'visibility:collapse',
    ],
    ...[
      'opacity:0',
      'opacity: 0.0',
      'opacity:0%',
      'font-size:0',
      'font-size:0px',
      'font-size:.0em',
      'font-size:1px',
      'font:0/0 a',
    ],
    ...['max-height:0', 'max-height:0px;overflow:hidden', 'height:0;overflow:hidden', 'width:0px;overflow-x:hidden'],
    ...[
      'text-indent:-9999px',
      'position:absolute;left:-9999px',
      'position:absolute;clip:rect(0,0,0,0)',
      'transform:scale(0)',
    ],
    ...[
      'display:none;font-size:1px;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;mso-hide:all',
    ],
  ])('%s', (style) => {
    expect(
      textOfHtml(
        `<div style="${style}">Preview <b>and <i>more</i></b><img alt="x"></div><p>Hi</p>`.replace('<img alt="x">', ''),
      ),
    ).toBe('Hi');
    expect(textOfHtml(`<p>Hi <span style='${style}'>Preview</span></p>`)).toBe('Hi');
  });

  it.each([
    ['by an attribute', '<p hidden>x</p><p>Hi'],
    [
      'by a class',
      '<style>/* } */ .pre, .x { color:red; display:none!important }</style><span class="a pre">x</span>Hi',
    ],
    ['by an id', '<head><style>span#pre{max-height:0}</style></head><body><span id="pre">x</span>Hi'],
    [
      'by name and class',
      '<style>@import "x"; @media print { p { display:none } } div.pre { opacity:0 }</style><div class=pre>x</div><p>Hi',
    ],
    ['in comments for Outlook', '<!--[if mso]><table><tr><td>x<![endif]-->Hi'],
    ['what is no text', '<title>x</title><script>x</script><svg><text>x</text></svg><template>x</template>Hi'],
    ['without an end', '<p style="display:none">x<p>Hi'],
  ])('%s', (_what, html) => {
    expect(textOfHtml(html)).toBe('Hi');
  });

  it.each([
    ['in letters of no size, text of a size', '<td style="font-size:0"> <div style="font-size:14px">Hi</div> </td>'],
    ['in the invisible, what is visible', '<p style="visibility:hidden">x<b style="visibility:visible">Hi</b></p>'],
    ['of relative size', '<p style="font-size:90%">Hi</p>'],
    ['half faded', '<p style="opacity:0.5;max-height:0.5em;height:0">Hi</p>'],
    ['hidden from Outlook alone', '<a style="mso-hide:all">Hi</a>'],
    ['hidden from some screens', '<style>@media (max-width:600px) { .x { display:none } }</style><p class=x>Hi'],
    ['of another class', '<style>.y.x, p .x, .x:hover { display:none }</style><p class=x>Hi'],
    ['shown after all', '<style>.x { display:none }</style><p class=x style="display:block">Hi'],
  ])('but: %s', (_what, html) => {
    expect(textOfHtml(html)).toBe('Hi');
  });
});

describe('characters without width', () => {
  it.each([
    ['the usual filler', `Hi${'&zwnj;&nbsp;'.repeat(50)}<p>Body`, 'Hi\n\nBody'],
    ['other fillers', `Hi ${'&#847; &#8199; &shy; '.repeat(20)}&#8203;&#65279;<div>Body</div>`, 'Hi\nBody'],
    ['beside spaces', 'Hi &zwj; you&#8203;', 'Hi you'],
    ['soft hyphens', 'Donau&shy;dampf&shy;schiff', 'Donaudampfschiff'],
    ['but not where they make a letter', 'می\u200cخواهم 👩\u200d👧', 'می\u200cخواهم 👩\u200d👧'],
    ['nor spaces that do not break', '10&nbsp;km&nbsp;&nbsp;x', '10\u00a0km\u00a0\u00a0x'],
  ])('%s', (_what, html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });

  it.each<[string, string]>([
    ['rows of filler', '&zwnj;&nbsp;'.repeat(16_000)],
    ['spaces behind one', `\u200b${' '.repeat(190_000)}`],
    ['a sheet of rules', `<style>${'.a.b.c{display:none}'.repeat(9_000)}</style><p class="a b">x`],
    ['braces in a sheet', `<style>${'@{'.repeat(90_000)}</style>x`],
    ['many rules for many elements', `<style>${'.a{opacity:1}'.repeat(1_000)}</style>${'<p class=a>x'.repeat(14_000)}`],
    ['comments in a sheet', `<style>${'/*'.repeat(90_000)}</style>x`],
    ['classes of an element', `<style>.a{display:none}</style><p class="${'a '.repeat(90_000)}">x`],
    ['declarations', `<p style="${'display:none;'.repeat(14_000)}">x`],
  ])('%s are read in time', (_what, html) => {
    expect(leastMs(() => textOfHtml(html), 1_500, 5)).toBeLessThanOrEqual(1_500);
  });
});
