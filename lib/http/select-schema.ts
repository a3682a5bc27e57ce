// A schema chosen by the look of what came, so that its faults are those of the form the caller meant, not of all forms.
import * as v from 'valibot';

/** `plain` says the same without choosing: it is what the API's document is made of (infra/openapi). */
export function selectSchema<Output>(
  choose: (input: unknown) => v.GenericSchema<unknown, Output>,
  plain: v.GenericSchema,
) {
  return Object.assign(
    v.lazy((input) => (input === undefined ? absent : choose(input))),
    { plain },
  );
}

/** What is not there has no look. Whoever converts schemas asks with nothing, too, and must not take a form for the whole. */
const absent: v.GenericSchema<unknown, never> = v.custom<never>(() => false, 'is required');

/** Refuses whatever comes, and says what it should be: for what has the look of no form at all. */
export function refusing<Output>(message: string): v.GenericSchema<unknown, Output> {
  return v.custom<Output>(() => false, message);
}

/** Has fields, as a list has none. */
export function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
