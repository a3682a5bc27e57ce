// Renders a parsed template with its data, and names all missing variables at once.
import type { Fault } from '../../http/errors.ts';
import {
  type ParsedTemplate,
  type RenderBudget,
  type RenderedTemplate,
  type TemplatePart,
  templateParts,
} from '../../store/templates/template.ts';
import { run } from './engine.ts';
import { describeError, isStackOverflow } from './parse.ts';
import type { TimeZone } from './time-zones.ts';

/** Most missing names in a message. */
const maxMissing = 100;

/**
 * Renders all parts except those in `without`. A variable is missing if rendering reaches it and `data` does not have it; null
 * counts as present. Dates are of `timeZone`. Reduces `budget` by what rendering took.
 */
export function renderTemplate(
  parsed: ParsedTemplate,
  data: Record<string, unknown>,
  budget: RenderBudget,
  { without = [], timeZone = 'UTC' }: { without?: readonly TemplatePart[]; timeZone?: TimeZone } = {},
): { rendered: RenderedTemplate; faults: Fault[] } {
  const rendered: RenderedTemplate = { subject: null, text: null, html: null };
  const missing = new Set<string>();
  const faults: Fault[] = [];
  for (const part of templateParts) {
    const one = without.includes(part) ? null : parsed[part];
    if (one === null) continue;
    const startedAt = performance.now();
    try {
      rendered[part] = run(one.liquid, one.template, data, { withinMs: budget.msLeft, timeZone });
      budget.charactersLeft -= rendered[part].length;
      if (budget.charactersLeft < 0) throw new RangeError('the request renders to more than a request may have');
    } catch (error) {
      const { names, other } = sortErrors(error);
      for (const name of names) missing.add(name);
      if (other !== undefined) faults.push({ path: 'template', message: `${part} cannot be rendered: ${other}` });
    }
    budget.msLeft -= performance.now() - startedAt;
  }
  const missed = [...missing].slice(0, maxMissing).map((path) => ({ path, message: 'is missing' }));
  return { rendered, faults: [...missed, ...faults] };
}

/** The missing variables, and the first other error. */
function sortErrors(error: unknown): { names: string[]; other?: string } {
  const names: string[] = [];
  let other: string | undefined;
  for (const each of flatten(error)) {
    const cause = originOf(each);
    if ('missingPath' in cause && cause.name === 'InternalUndefinedVariableError')
      names.push(String(cause.missingPath));
    else other ??= describeFailure(each, cause);
  }
  return other === undefined ? { names } : { names, other };
}

/** Flattens errors: a block throws the errors inside it as one. */
function* flatten(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) throw error;
  if ('errors' in error && Array.isArray(error.errors)) for (const inner of error.errors) yield* flatten(inner);
  else yield error;
}

function originOf(error: Error): Error {
  return 'originalError' in error && error.originalError instanceof Error ? originOf(error.originalError) : error;
}

function describeFailure(error: Error, cause: Error): string {
  if (cause.message.startsWith('template render limit')) return 'it takes too long';
  if (cause.message.startsWith('memory alloc limit') || (cause instanceof RangeError && !isStackOverflow(cause)))
    return 'it becomes too large';
  return describeError(isStackOverflow(cause) ? cause : error);
}
