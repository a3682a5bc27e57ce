// Text, numbers, lists and maps with bounds. The size is checked before anything else is: before expressions, normalisation and parsing.
import * as v from 'valibot';
import { isObject, refusing, selectSchema } from './select-schema.ts';

/** What `MAX_BODY_BYTES` may be at most: the bound of a text that may fill a whole body. */
export const mostBodyBytes = 100_000_000;

/**
 * Text of at most `max` characters (UTF-16 units; each is 3 octets at most). Every string that a caller gives begins with it.
 * Unlike `v.maxLength`, a text that is too long ends its pipe: no expression and no transformation sees it. `message` says what
 * the text must be, whatever is wrong with its type or length; without one, the two have words of their own.
 */
export function text(max: number, message?: string) {
  const tooLong = v.maxLength<string, number, string>(max, message ?? `may have ${max} characters at most`);
  const stop: typeof tooLong = {
    ...tooLong,
    '~run'(dataset, config) {
      const checked = tooLong['~run'](dataset, config);
      // What is not typed is passed over by all checks that follow in a pipe.
      return checked.issues ? ({ ...checked, typed: false } as unknown as typeof checked) : checked;
    },
  };
  return v.pipe(v.string(message ?? 'must be a string'), stop);
}

/** The pipe of a text, stopped at its first failure: what comes later is neither looked at nor said. */
export function firstFault<const Schema extends v.GenericSchema>(pipe: Schema): Schema {
  return v.config(pipe, { abortPipeEarly: true });
}

/** A header's value; undefined where there is none, or where it is longer than anybody has a reason to make it. */
export function headerWithin(value: string | string[] | undefined, max: number): string | undefined {
  const text = Array.isArray(value) ? value.join(', ') : value;
  return text !== undefined && text.length <= max ? text : undefined;
}

/** A whole number from `min` to `max`. `what` is counted, as in `a whole number of seconds`. */
export function wholeNumber(min: number, max: number, what = '') {
  const message = `must be a whole number ${what}from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** A list of at most `max` items. */
export function boundedList<Output>(item: v.GenericSchema<unknown, Output>, max: number) {
  const list = v.array(item, 'must be a list');
  const tooLong = refusing<Output[]>(`may have ${max} entries at most`);
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
    v.custom<Record<string, unknown>>(isObject, 'must be an object of strings'),
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
        // As any other field that is null.
        if (value === null) continue;
        const fault = faultOfLength(value, form.maxLength) ?? faultOf(key, String(value));
        if (fault === undefined) taken.push([key, String(value)]);
        else addIssue({ message: fault, path: [{ type: 'object', origin: 'value', input, key, value }] });
      }
      return Object.fromEntries(taken);
    }),
  );
}

function faultOfLength(value: unknown, max: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  return value.length > max ? `may have ${max} characters at most` : undefined;
}
