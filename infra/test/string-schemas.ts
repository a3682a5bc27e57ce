// Walks request schemas: every place in them where a caller gives a string.
import type * as v from 'valibot';

type Schema = v.GenericSchema &
  Partial<{
    pipe: Schema[];
    entries: Record<string, Schema>;
    item: Schema;
    wrapped: Schema;
    options: Schema[];
    plain: Schema;
    requirement: unknown;
  }>;

export interface Place {
  /** As in `FullForm.to[].email`. */
  name: string;
  schema: v.GenericSchema;
}

/** Every schema within `schema`, itself included; of `selectSchema` what it stands for, too. */
export function placesIn(name: string, schema: v.GenericSchema): Place[] {
  const { pipe, entries, item, wrapped, options, plain } = schema as Schema;
  return [
    { name, schema },
    // What a pipe begins with has its own entries; the pipe is what is asked.
    ...(pipe ?? []).flatMap((part, index) =>
      part.kind === 'schema' && index === 0 ? placesIn(name, part).slice(1) : [],
    ),
    ...(pipe ? [] : Object.entries(entries ?? {}).flatMap(([key, inner]) => placesIn(`${name}.${key}`, inner))),
    ...(item && !pipe ? placesIn(`${name}[]`, item) : []),
    ...(wrapped && !pipe ? placesIn(name, wrapped) : []),
    ...(Array.isArray(options) && !pipe ? options.filter(isSchema).flatMap((option) => placesIn(name, option)) : []),
    ...(plain && !pipe ? placesIn(name, plain) : []),
  ];
}

/** What a string may have at most, if the schema begins with `text`; undefined: it is a string without a bound; null: no string. */
export function boundOf(schema: v.GenericSchema): number | undefined | null {
  const parts = flattened(schema as Schema);
  if (parts[0]?.type !== 'string') return null;
  const [, second] = parts;
  return second?.type === 'max_length' ? Number(second.requirement) : undefined;
}

/** The parts of a pipe, and of the pipe that it begins with. */
function flattened({ pipe, ...schema }: Schema): Schema[] {
  return pipe ? pipe.flatMap((part) => (part.kind === 'schema' ? flattened(part) : [part])) : [schema as Schema];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
