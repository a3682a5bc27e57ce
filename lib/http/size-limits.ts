// Numbers with bounds, and lists and maps whose size is checked before anything in them is looked at: a million faults would be a fault of ours.
import * as v from 'valibot';
import { selectSchema } from './select-schema.ts';

/** A whole number from `min` to `max`. `what` is counted, as in `a whole number of seconds`. */
export function wholeNumber(min: number, max: number, what = '') {
  const message = `must be a whole number ${what}from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** A list of at most `max` items. */
export function boundedList<Output>(item: v.GenericSchema<unknown, Output>, max: number) {
  const list = v.array(item, 'must be a list');
  const tooLong = v.custom<Output[]>(() => false, `may have ${max} entries at most`);
  return selectSchema(
    (input): v.GenericSchema<unknown, Output[]> => (Array.isArray(input) && input.length > max ? tooLong : list),
    v.pipe(v.array(item), v.maxLength(max)),
  );
}

/**
 * An object of at most `max` strings. `faultOf` says what is wrong with an entry, if anything is; `form` is as much of it as JSON
 * Schema can say.
 */
export function stringMap(
  max: number,
  faultOf: (name: string, value: string) => string | undefined,
  form: { name: RegExp; maxLength: number },
) {
  return v.pipe(
    v.custom<Record<string, unknown>>(isPlainObject, 'must be an object of strings'),
    v.metadata({
      type: 'object',
      maxProperties: max,
      propertyNames: { pattern: form.name.source },
      additionalProperties: { type: 'string', maxLength: form.maxLength },
    }),
    v.rawTransform(({ dataset, addIssue, NEVER }): Record<string, string> => {
      const input = dataset.value;
      const entries = Object.entries(input);
      if (entries.length > max) {
        addIssue({ message: `may have ${max} entries at most` });
        return NEVER;
      }
      const taken: [string, string][] = [];
      for (const [key, value] of entries) {
        const fault = typeof value === 'string' ? faultOf(key, value) : 'must be a string';
        if (fault === undefined) taken.push([key, String(value)]);
        else addIssue({ message: fault, path: [{ type: 'object', origin: 'value', input, key, value }] });
      }
      return Object.fromEntries(taken);
    }),
  );
}

function isPlainObject(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
