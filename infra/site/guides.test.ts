import { expect, it } from 'vitest';
import { renderGuide } from './guides.ts';

const render = (markdown: string) => renderGuide('a', `# A & B\n\n${markdown}`).text.text;

it('has a title, and a word on what it is about', () => {
  const { title, about } = renderGuide('a', '# Use `send`\n\nSee [RFC 1](https://example.com/) & more.\n\n## B\n');
  expect({ title: title.text, about: about.text }).toEqual({
    title: 'Use <code>send</code>',
    about: 'See RFC 1 &amp; more.',
  });
});

it('wants a title', () => {
  expect(() => renderGuide('a', 'text')).toThrow('infra/guides/a.md has no heading');
});

it('gives headings the names that GitHub gives them', () => {
  expect(render('## Get a *token*, `now`\n## Grün & gut\n## Same\n## Same\n')).toMatch(
    /id="get-a-token-now".*id="grün--gut".*id="same".*id="same-1"/s,
  );
});

it.each([
  ['[x](other-guide.md)', '<a href="other-guide">x</a>'],
  ['[x](./other.md#part)', '<a href="other#part">x</a>'],
  ['[x](#part)', '<a href="#part">x</a>'],
  ['[x](/docs)', '<a href="../../docs">x</a>'],
  ['[x](https://example.com/a.md)', '<a href="https://example.com/a.md">x</a>'],
  ['[x **y**](../../README.md)', '<p>x <strong>y</strong></p>'],
  ['![a chart](../bench/full.svg)', '<p>a chart</p>'],
])('%s becomes %s', (markdown, expected) => {
  expect(render(markdown)).toContain(expected);
});

it('lets what is too wide be moved by keyboard', () => {
  expect(render('```sh\na < b\n```\n')).toContain('<pre tabindex="0"><code class="language-sh">a &lt; b');
  expect(render('| a | b |\n| --- | --- |\n| c | d |\n')).toMatch(/<div class="table"[^>]* tabindex="0"><table>/);
});
