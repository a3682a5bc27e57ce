import { describe, expect, it } from 'vitest';
import { textOfHtml } from './text-of-html.ts';

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
    ['many rows', `<table>${'<tr><td>x</td></tr>'.repeat(10_000)}</table>`, true],
    ['many links', '<a href="https://example.com/">x</a> '.repeat(5_000), true],
  ])('%s', (_what, html, hasText) => {
    const startedAt = performance.now();
    expect(textOfHtml(html) !== undefined).toBe(hasText);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
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
