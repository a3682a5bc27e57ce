// An object that has no fields but its own; unlike valibot's strictObject it names every stranger, not just the first.
import * as v from 'valibot';

export function exactObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(
    v.looseObject(entries, 'must be an object'),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value;
      if (typeof input !== 'object' || input === null) return;
      for (const [key, value] of Object.entries(input)) {
        if (Object.hasOwn(entries, key)) continue;
        addIssue({
          message: 'is not a field of this request',
          path: [{ type: 'object', origin: 'key', input: input as Record<string, unknown>, key, value }],
        });
      }
    }),
    v.transform((value) => value as v.InferOutput<v.ObjectSchema<Entries, undefined>>),
  );
}
