// The rules of an email's <style> that can hide text: those for one element by its name, classes and id, on every screen.
import { type Declarations, declarationsIn } from './hidden-styles.ts';

interface Rule {
  tag: string;
  id: string | undefined;
  classes: string[];
  usual: Declarations;
  important: Declarations;
}

export type Attributes = Record<string, string>;

/** Rules that are kept; an email's own are a few dozen. */
const maxRules = 500;
/** One name, perhaps, with classes or an id; no other selector is read. */
const selectorForm = /^([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+){0,5})$/i;

/** What is declared for an element is asked for often: rules are found by the class, the id or the name that they want. */
export class StyleSheet {
  readonly #rules = new Map<string, Rule[]>();
  #count = 0;

  /** The text of a <style>. What is for some media alone is passed over. */
  add(css: string): void {
    // What comes before each closing brace; the rest is closed by none.
    for (const block of withoutAtRules(css).split('}').slice(0, -1)) {
      const [body = '', selectors = ''] = block.split('{').reverse();
      const [usual, important] = [declarationsIn(body, 'usual'), declarationsIn(body, 'important')];
      if (usual.size + important.size === 0) continue;
      for (const selector of selectors.split(',')) {
        const [, tag = '*', others = ''] = selectorForm.exec(selector.trim()) ?? [];
        const names = others.match(/[.#][\w-]+/g) ?? [];
        const key = names[0] ?? tag.toLowerCase();
        if (key === '*' || this.#count >= maxRules) continue;
        this.#count += 1;
        const classes = names.filter((name) => name.startsWith('.')).map((name) => name.slice(1));
        const id = names.find((name) => name.startsWith('#'))?.slice(1);
        const rule = { tag: tag.toLowerCase(), id, classes, usual, important };
        this.#rules.set(key, [...(this.#rules.get(key) ?? []), rule]);
      }
    }
  }

  /** What holds for an element: its own `style` comes after the sheet, but for what is important there. */
  declaredFor(tag: string, attributes: Attributes): Declarations {
    const own = declarationsIn(attributes.style ?? '');
    if (this.#count === 0) return own;
    const classes = (attributes.class ?? '').split(/\s+/, 50).filter(Boolean);
    const keys = [tag, ...classes.map((name) => `.${name}`), ...(attributes.id ? [`#${attributes.id}`] : [])];
    const rules = keys
      .flatMap((key) => this.#rules.get(key) ?? [])
      .filter(
        (rule) =>
          (rule.tag === '*' || rule.tag === tag) &&
          (rule.id === undefined || rule.id === attributes.id) &&
          rule.classes.every((name) => classes.includes(name)),
      );
    if (rules.length === 0) return own;
    return new Map([
      ...rules.flatMap(({ usual }) => [...usual]),
      ...own,
      ...rules.flatMap(({ important }) => [...important]),
    ]);
  }
}

/** Without comments, and without `@media …{…}` and its like. */
function withoutAtRules(css: string): string {
  let kept = '';
  let depth = 0;
  let isAt = false;
  for (const [part] of withoutComments(css).matchAll(/[{}@;]|[^{}@;]+/g)) {
    if (part === '@' && depth === 0) isAt = true;
    if (part === '{') depth += 1;
    if (!isAt) kept += part;
    if (part === '}') depth = Math.max(0, depth - 1);
    if (isAt && depth === 0 && (part === '}' || part === ';')) isAt = false;
  }
  return kept;
}

/** Each part is looked at once: an expression would look for the end of a comment from each of its beginnings. */
function withoutComments(css: string): string {
  let kept = '';
  let at = 0;
  for (;;) {
    const begin = css.indexOf('/*', at);
    const end = begin < 0 ? -1 : css.indexOf('*/', begin + 2);
    if (end < 0) break;
    kept += css.slice(at, begin);
    at = end + 2;
  }
  return (kept + css.slice(at)).replace(/<!--|-->/g, '');
}
