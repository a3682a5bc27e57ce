// How request bodies are checked: every fault at once, each with the path of its field.
import * as v from 'valibot';
import { ApiError, type Fault } from './errors.ts';
import { firstFault, text } from './size-limits.ts';
import { maxTime, timeOf } from './time.ts';

const timeMessage = 'must be a time such as 2026-01-31T12:00:00Z (ISO 8601, with its offset from UTC)';
/** A point in time, as text. */
export const Time = firstFault(
  v.pipe(
    text(maxTime, timeMessage),
    v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/, timeMessage),
    v.check((given) => timeOf(given) !== undefined, timeMessage),
    v.transform((given) => timeOf(given) ?? new Date(Number.NaN)),
  ),
);

/** More of them help nobody, and an answer has a bound. */
export const maxFaults = 100;
/** A field's name may be as long as a body. */
const maxPath = 200;

/** Checks a parsed request body. Throws `missing_required_field` or `validation_error` (422) naming every fault at once. */
export function checkBody<const Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  checkObject(body);
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  throw invalidBody(result.issues.slice(0, maxFaults).map(toFault));
}

function toFault(issue: v.BaseIssue<unknown>): Fault {
  const path = (issue.path ?? [])
    .reduce(
      (soFar, { key }) =>
        typeof key === 'number' ? `${soFar}[${key}]` : soFar === '' ? String(key) : `${soFar}.${key}`,
      '',
    )
    .slice(0, maxPath)
    .toWellFormed();
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return { path, message: 'is not a field of this request' };
  if (issue.received === 'undefined') return { path, message: missing(path) };
  return { path, message: issue.message };
}

/** How a field that must be given is asked for. */
export function missing(field: string): string {
  return `${field} is required`;
}

export function invalidBody(errors: Fault[]): ApiError {
  const detail = errors
    .map(({ path, message }) => (message.startsWith(path) ? message : `${path} ${message}`))
    .join('; ');
  const onlyMissing = errors.every(({ message }) => message.endsWith('is required'));
  return new ApiError(onlyMissing ? 'missing_required_field' : 'validation_error', `${detail}.`, { errors });
}

export function checkObject(body: unknown): asserts body is Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return;
  throw invalidBody([{ path: '', message: 'must be a JSON object' }]);
}

/** Some SDKs repeat in the body what the path names. Throws `validation_error` (422) where a body names something else. */
export function checkSameId(named: Readonly<Record<string, string | undefined>>, inPath: readonly string[]): void {
  const others = Object.entries(named).filter(([, id]) => id !== undefined && !inPath.includes(id));
  if (others.length > 0) throw invalidBody(others.map(([path]) => ({ path, message: 'is not the one in the path' })));
}
