// Finds the variables of `data` that a parsed part uses, from its tokens, without rendering.
import {
  CaseTag,
  ForTag,
  IfTag,
  type PropertyAccessToken,
  TablerowTag,
  type Template,
  TypeGuards,
  UnlessTag,
  Value,
  type ValueToken,
} from 'liquidjs';

/** Rendering deeper blocks would overflow the stack. */
const maxNesting = 50;

interface Visit {
  /** Names that the part itself defines: loop variables, `assign`, `capture`. */
  own: ReadonlySet<string>;
  /** True outside of every branch and loop. */
  certain: boolean;
  depth: number;
}

/** Path → whether it is required: used outside of branches and loops, without a default. Throws when blocks are nested too deeply. */
export function variablesOf(templates: Template[]): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const assigned = new Set<string>();

  function visit(template: Template, { own, certain, depth }: Visit): void {
    if (depth > maxNesting) throw new RangeError(`blocks are nested deeper than ${maxNesting}`);
    const isTest = template instanceof IfTag || template instanceof UnlessTag || template instanceof CaseTag;
    const isLoop = template instanceof ForTag || template instanceof TablerowTag;
    for (const argument of template.arguments?.() ?? []) note(argument, own, certain && !isTest);
    for (const { content } of template.localScope?.() ?? []) assigned.add(content);
    const inner = {
      own: new Set([...own, ...(template.blockScope?.() ?? [])]),
      certain: certain && !isTest && !isLoop,
      depth: depth + 1,
    };
    for (const child of childrenOf(template)) visit(child, inner);
  }

  function note(argument: Value | ValueToken, own: ReadonlySet<string>, certain: boolean): void {
    if (argument instanceof Value || TypeGuards.isFilteredValueToken(argument)) {
      const hasDefault = argument.filters[0]?.name === 'default';
      for (const token of argument.initial.postfix) noteToken(token, own, certain && !hasDefault);
      for (const value of argument.filters.flatMap(({ args }) => args)) {
        noteToken(Array.isArray(value) ? value[1] : value, own, certain);
      }
    } else noteToken(argument, own, certain);
  }

  function noteToken(token: unknown, own: ReadonlySet<string>, certain: boolean): void {
    if (TypeGuards.isRangeToken(token)) for (const end of [token.lhs, token.rhs]) noteToken(end, own, certain);
    else if (TypeGuards.isFilteredValueToken(token)) note(token, own, certain);
    else if (TypeGuards.isPropertyAccessToken(token)) {
      for (const property of token.props) noteToken(property, own, certain);
      const path = pathOf(token);
      const [root = ''] = path;
      if (path.length === 0 || own.has(root) || assigned.has(root)) return;
      const name = path.join('.');
      found.set(name, certain || found.get(name) === true);
    }
  }

  for (const template of templates) visit(template, { own: new Set(), certain: true, depth: 0 });
  return found;
}

/** The fixed beginning of a path: `a.b` of `a.b[c].d`. Properties that the engine adds (`size`, `first`) are not in `data`. */
function pathOf({ variable, props }: PropertyAccessToken): string[] {
  const path: string[] = [];
  for (const property of variable === undefined ? props : []) {
    if (!('content' in property)) break;
    const name = String(property.content);
    if (path.length > 0 && (typeof property.content === 'number' || ['size', 'first', 'last'].includes(name))) break;
    path.push(name);
  }
  return path;
}

/** The templates inside a tag. They are generators that yield nothing unless the tag reads other files. */
function childrenOf(template: Template): Template[] {
  const children = template.children?.(false, true).next().value;
  return Array.isArray(children) ? children : [];
}
