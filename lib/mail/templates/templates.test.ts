// Templates without the API around them: what they give, what they want, what they are refused for, and that each comes to an end.

import { describe, expect, it } from 'vitest';
import { leastMs } from '../../../infra/test/cost.ts';
import { parseTemplate, templateVariables } from './parse.ts';
import { renderTemplate } from './render.ts';

const parse = (html: string, text: string | null = null, subject = 's') => parseTemplate({ subject, text, html });

function render(
  html: string,
  data: Record<string, unknown> = {},
  budget = { msLeft: 60_000, charactersLeft: 1_000_000 },
) {
  const { parsed, faults } = parse(html);
  expect(faults).toEqual([]);
  const { rendered, faults: missing } = renderTemplate(parsed, data, budget);
  return missing.length > 0 ? missing.map(({ path, message }) => `${path} ${message}`) : rendered.html;
}

describe('what variables say', () => {
  it('is text in HTML, however it gets there, unless raw asks for more', () => {
    const x = `<a b="c" d='e'>&`;
    const escaped = '&lt;a b=&#34;c&#34; d=&#39;e&#39;&gt;&amp;';
    const ways = ['{{ x }}', '{% echo x %}', '{% cycle x, 1 %}', '{{ x | escape }}', '{{ x | append: "" }}', '{{ l }}'];
    for (const way of ways) expect({ way, html: render(way, { x, l: [x] }) }).toEqual({ way, html: escaped });
    expect(render('{{ x | newline_to_br }}', { x: '<\n' })).toBe('&lt;<br />\n');
    expect(render('{% for i in l %}{{ i.x }}{% endfor %}', { l: [{ x }] })).toBe(escaped);
    expect(render('{{ x | raw }}', { x })).toBe(x);
  });

  it('is as it is in text and subject', () => {
    const { parsed } = parse('', '{{ x }}', '{{ x }}!');
    expect(renderTemplate(parsed, { x: `<'"&>` }, { msLeft: 60_000, charactersLeft: 100 }).rendered).toEqual({
      subject: `<'"&>!`,
      text: `<'"&>`,
      html: '',
    });
  });

  it('is never a template', () => {
    expect(render('{{ x }}{{ y | raw }}', { x: '{{ y }}', y: '{% for i in (1..9) %}{{ x }}{% endfor %}' })).toBe(
      '{{ y }}{% for i in (1..9) %}{{ x }}{% endfor %}',
    );
    for (const name of ['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp']) {
      expect(parse(`{{ l | ${name}: "i", x }}`).faults[0]?.message).toContain(`undefined filter: ${name}`);
    }
  });

  it('is the same wherever it runs', () => {
    expect(render('{{ d | date: "%d %B %Y %H:%M %z" }}', { d: '2026-01-31T23:30:00+01:00' })).toBe(
      '31 January 2026 22:30 +0000',
    );
  });
});

describe('what is missing', () => {
  it.each<[string, string, Record<string, unknown>, string[] | string]>([
    ['all at once', '{{ a }}{{ b.c }}{{ a }}{% if true %}{{ d }}{% endif %}', {}, ['data.a', 'data.b.c', 'data.d']],
    ['only what the rendering comes to', '{% if vip %}{{ discount }}{% endif %}.', { vip: false }, '.'],
    ['once it comes to it', '{% if vip %}{{ discount }}{% endif %}.', { vip: true }, ['data.discount']],
    ['not what is tested', '{% if a %}{{ a }}{% elsif b.c == 1 %}{% endif %}{% unless d %}-{% endunless %}', {}, '-'],
    ['not what is compared', '{% case a %}{% when 1 %}one{% else %}other{% endcase %}', {}, 'other'],
    ['not with a default', '{{ a | default: "x" }}{{ b.c | default: "y" | upcase }}', {}, 'xY'],
    ['the default itself', '{{ a | default: b }}', {}, ['data.b']],
    ['not what is null', '[{{ a }}]', { a: null }, '[]'],
    ['a list to go through', '{% for i in list %}{% endfor %}', {}, ['data.list']],
    ['not in an empty list', '{% for i in list %}{{ i.x }}{% else %}none{% endfor %}', { list: [] }, 'none'],
    [
      'in an entry',
      '{% for i in a.list %}{{ i.x }}{% endfor %}',
      { a: { list: [{ x: 1 }, {}] } },
      ['data.a.list[1].x'],
    ],
    ['behind assign', '{% assign a = b %}{{ a }}', {}, ['data.b']],
    ['behind capture', '{% capture a %}{{ b }}{% endcapture %}{{ a }}', {}, ['data.b']],
    ['not for where', '{{ list | where: "x" | size }}', { list: [{ x: 1 }, {}] }, '1'],
  ])('%s', (_what, html, data, expected) => {
    expect(render(html, data)).toEqual(
      Array.isArray(expected) ? expected.map((path) => `${path} is missing`) : expected,
    );
  });

  it('is looked for in data alone, by whatever name', () => {
    const names = [
      '__proto__.polluted',
      'constructor.name',
      'toString',
      'a.__proto__.x',
      'a.constructor',
      'globalThis.x',
    ];
    const html = names.map((name) => `{{ ${name} }}`).join('');
    expect(render(html, { a: {} })).toEqual(names.map((name) => `data.${name} is missing`));
    const data = JSON.parse('{"__proto__": {"polluted": "mine"}}');
    expect(render('{{ __proto__.polluted }}{% increment constructor %}{% assign __proto__ = "x" %}', data)).toBe(
      'mine0',
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('is told beforehand, by use', () => {
    const { parsed } = parse(
      '{{ name }}{{ user.name | default: other }}{% if vip %}{{ discount }}{{ name }}{% endif %}' +
        '{% for item in cart.items %}{{ item.title }}{{ shop[item.id].url }}{% endfor %}{% assign x = 1 %}{{ x }}{{ list.size }}',
      null,
      '{{ title }}',
    );
    expect(templateVariables(parsed)).toEqual({
      required: ['cart.items', 'list', 'name', 'other', 'title'],
      optional: ['discount', 'shop', 'user.name', 'vip'],
    });
  });
});

describe('refused when it is stored', () => {
  it('names each part with line and column', () => {
    const { faults } = parse('<p>\n  {{ name ', '{% if a %}', '{{ a | nope }}');
    expect(faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
      'subject cannot be used: undefined filter: nope (line 1, column 1)',
      'text cannot be used: tag {% if a %} not closed (line 1, column 1)',
      'html cannot be used: output "{{ name " not closed (line 2, column 3)',
    ]);
  });

  it.each<[string, string, string | RegExp]>([
    ['other files', '{% include "/etc/passwd" %}', 'tag "include" not found'],
    ['other templates', '{% render "other" %}', 'tag "render" not found'],
    ['a layout', '{% layout "/etc/passwd" %}', 'tag "layout" not found'],
    ['a block', '{% block a %}{% endblock %}', 'tag "block" not found'],
    ['too many tags', '{{a}}'.repeat(2_001), 'more than 2000 outputs and tags'],
    ['deep nesting', `${'{% if a %}'.repeat(60)}${'{% endif %}'.repeat(60)}`, 'nested deeper than 50'],
    // Whether the stack or the template ends first is the machine's affair.
    ['very deep nesting', '{%if a%}'.repeat(2_000), /nested too deeply|not closed/],
    ['brackets without end', `{{ ${'a['.repeat(90_000)} }}`, /nested too deeply|unexpected|not closed/],
  ])('%s', (_what, html, message) => {
    expect(parse(html).faults[0]?.message).toMatch(message);
    expect(leastMs(() => parse(html), 1_500, 5)).toBeLessThanOrEqual(1_500);
  });
});

describe('comes to an end', () => {
  const shortly = () => ({ msLeft: 1_000, charactersLeft: 1_000_000 });
  const tooLarge = ['template html cannot be rendered: it becomes too large'];
  const tooLong = ['template html cannot be rendered: it takes too long'];
  const sixty = (body: string) => `{% for i in (1..60) %}${body}{% endfor %}`;
  const names = Array.from({ length: 20_000 }, () => 'abc');

  it.each<[string, string, Record<string, unknown>?]>([
    ['a huge range', '{% for i in (1..100000000) %}x{% endfor %}'],
    ['a range that data makes huge', '{% for i in (1..n) %}x{% endfor %}', { n: Number.POSITIVE_INFINITY }],
    ['loops in loops', '{% for i in (1..9000) %}{% for j in (1..9000) %}{% endfor %}{% endfor %}'],
    ['text that doubles', `{% assign s = "x" %}${sixty('{% assign s = s | append: s %}')}`],
    ['captures that double', `{% assign s = "x" %}${sixty('{% capture s %}{{ s }}{{ s }}{% endcapture %}')}`],
    ['lists within lists', `{% assign a = "x" | split: "," %}${sixty('{% assign a = a | push: a %}')}{{ a }}`],
    ['lists that double', `${sixty('{% assign a = a | concat: a %}')}{{ a | join }}`, { a: [1] }],
    [
      'groups of groups',
      `${sixty('{% assign d = d | group_by: "n" %}{% assign d = d | concat: d | map: "items" %}{% if d == d %}{% endif %}')}`,
      { d: [1, 2] },
    ],
    ['a long output', `{% for i in (1..3000) %}${'x'.repeat(5_000)}{% endfor %}`],
    ['padding', '{{ "now" | date: "%999999999d" }}'],
    ['a chain of filters', `{{ a${' | sort'.repeat(20_000)} }}`, { a: names }],
  ])('%s', (_what, html, data) => {
    // Which of the two it is, the speed of the machine decides.
    const renderIt = () => expect([tooLong, tooLarge]).toContainEqual(render(html, data, shortly()));
    expect(leastMs(renderIt, 1_500, 5)).toBeLessThanOrEqual(1_500);
  });

  it('when the whole request has had its share', () => {
    expect(render('{% for i in (1..9) %}12345{% endfor %}', {}, { msLeft: 60_000, charactersLeft: 40 })).toEqual(
      tooLarge,
    );
    expect(render('x', {}, { msLeft: -1, charactersLeft: 40 })).toContain(tooLong[0]);
  });

  it('and a filter that fails says so', () => {
    expect(render('\n{{ x | url_decode }}', { x: '%zz' })).toEqual([
      'template html cannot be rendered: URI malformed (line 2, column 1)',
    ]);
  });
});
