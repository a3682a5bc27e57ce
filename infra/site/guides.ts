// The guides, infra/guides/*.md, as HTML.
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Marked, Renderer, type Tokens } from 'marked';
import { Html } from './html.ts';

export interface Guide {
  /** Its file's without `.md`; the end of its path. */
  name: string;
  /** Its first heading. */
  title: Html;
  /** Its first paragraph. */
  about: Html;
  text: Html;
}

const folder = fileURLToPath(new URL('../guides/', import.meta.url));
/** What a newcomer reads first; the others follow by name. */
const first = 'getting-started';

export async function readGuides(): Promise<Guide[]> {
  const names = (await readdir(folder)).filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -3));
  const sorted = names.toSorted(
    (one, other) => Number(other === first) - Number(one === first) || (one < other ? -1 : 1),
  );
  return Promise.all(sorted.map(async (name) => renderGuide(name, await readFile(`${folder}${name}.md`, 'utf8'))));
}

export function renderGuide(name: string, markdown: string): Guide {
  const marked = new Marked();
  // `new Marked(…)` would take nothing that a renderer has from its class.
  marked.setOptions({ renderer: new GuideRenderer() });
  const inline = (text: string) => new Html(marked.parseInline(text, { async: false }));
  const tokens = marked.lexer(markdown);
  const heading = tokens.find((token): token is Tokens.Heading => token.type === 'heading' && token.depth === 1);
  if (heading === undefined) throw new Error(`infra/guides/${name}.md has no heading of the first level`);
  const paragraph = tokens.find((token): token is Tokens.Paragraph => token.type === 'paragraph');
  return {
    name,
    title: inline(heading.text),
    // It stands inside another page, where its links would lead elsewhere.
    about: new Html(inline(paragraph?.text ?? '').text.replaceAll(/<\/?a[^>]*>/g, '')),
    text: new Html(marked.parser(tokens)),
  };
}

/** As on GitHub, so that links work there and here; and what is too wide scrolls by itself, by keyboard too. */
class GuideRenderer extends Renderer {
  readonly #ids = new Map<string, number>();
  #tables = 0;

  override heading({ tokens, depth }: Tokens.Heading): string {
    const words = this.parser.parseInline(tokens, this.parser.textRenderer).toLowerCase();
    const id = words.replaceAll(/&\w+;|[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    const before = this.#ids.get(id) ?? 0;
    this.#ids.set(id, before + 1);
    return `<h${depth} id="${before === 0 ? id : `${id}-${before}`}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
  }

  override code(token: Tokens.Code): string {
    return super.code(token).replace('<pre>', '<pre tabindex="0">');
  }

  override table(token: Tokens.Table): string {
    this.#tables += 1;
    return `<div class="table" role="region" aria-label="Table ${this.#tables}" tabindex="0">${super.table(token)}</div>\n`;
  }

  /** `other.md` is the guide `other`, `/docs` is a path of the API. What else lies in the repository is not served: its link is text. */
  override link(token: Tokens.Link): string {
    if (/^(https?:|mailto:|#)/.test(token.href)) return super.link(token);
    if (token.href.startsWith('/')) return super.link({ ...token, href: `../..${token.href}` });
    const [, name, fragment = ''] = /^(?:\.\/)?([\w-]+)\.md(#.*)?$/.exec(token.href) ?? [];
    if (name === undefined) return this.parser.parseInline(token.tokens);
    return super.link({ ...token, href: `${name}${fragment}` });
  }

  /** Pages load nothing from elsewhere, and the folder holds no images. */
  override image({ text }: Tokens.Image): string {
    return text;
  }
}
