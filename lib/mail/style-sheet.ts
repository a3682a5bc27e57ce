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
const maxRules = 100;
/** Kinds of elements that are remembered, and classes of an element that are read. */
const maxKinds = 500;
const maxClasses = 50;
/** One name, perhaps, with classes or an id; no other selector is read. */
const selectorForm = /^([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+){0,5})$/i;

/** What is declared for an element is asked for often: rules are found by the class, the id or the name that they want. */
export class StyleSheet {
  readonly #rules = new Map<string, Rule[]>();
  readonly #byKind = new Map<string, Pick<Rule, 'usual' | 'important'>>();
  #count = 0;

  /** The text of a <style>. What is for some media alone is passed over. */
  add(css: string): void {
    this.#byKind.clear();
    for (const rule of withoutAtRules(withoutComments(css)).split('}')) {
      const [selectors = '', body = '', inner] = rule.split('{');
      if (inner !== undefined) continue;
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
    const { usual, important } = this.#rulesFor(tag, attributes);
    return own.size === 0 ? new Map([...usual, ...important]) : new Map([...usual, ...own, ...important]);
  }

  /** Elements of the same name, classes and id are asked for together; a mail has few kinds. */
  #rulesFor(tag: string, { class: classNames = '', id = '' }: Attributes): Pick<Rule, 'usual' | 'important'> {
    const kind = `${tag} ${id} ${classNames}`;
    const known = this.#byKind.get(kind);
    if (known) return known;
    const classes = classNames.split(/\s+/, maxClasses).filter(Boolean);
    const keys = [tag, ...classes.map((name) => `.${name}`), `#${id}`];
    const rules = keys
      .flatMap((key) => this.#rules.get(key) ?? [])
      .filter(
        (rule) =>
          (rule.tag === '*' || rule.tag === tag) &&
          (rule.id === undefined || rule.id === id) &&
          rule.classes.every((name) => classes.includes(name)),
      );
    const found = {
      usual: new Map(rules.flatMap(({ usual }) => [...usual])),
      important: new Map(rules.flatMap(({ important }) => [...important])),
    };
    if (this.#byKind.size < maxKinds) this.#byKind.set(kind, found);
    return found;
  }
}

function withoutComments(css: string): string {
  let kept = '';
  for (let at = 0; ; ) {
    const start = css.indexOf('/*', at);
    kept += css.slice(at, start < 0 ? undefined : start);
    const end = start < 0 ? -1 : css.indexOf('*/', start + 2);
    if (end < 0) return kept.replace(/<!--|-->/g, '');
    at = end + 2;
  }
}

/** Without `@media …{…}` and its like. */
function withoutAtRules(css: string): string {
  let kept = '';
  let depth = 0;
  let isAt = false;
  for (const [part] of css.matchAll(/[{}@;]|[^{}@;]+/g)) {
    if (part === '@' && depth === 0) isAt = true;
    if (part === '{') depth += 1;
    if (!isAt) kept += part;
    if (part === '}') depth = Math.max(0, depth - 1);
    if (isAt && depth === 0 && (part === '}' || part === ';')) isAt = false;
  }
  return kept;
}
