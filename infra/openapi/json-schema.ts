// Converts valibot schemas to JSON Schema 2020-12: adds what the converter cannot know, and extracts the parts with names.
import { type ConversionConfig, type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import type { Prose } from './operation.ts';

export type { JsonSchema };

/** Placeholder for what the converter does not know; `v.metadata` beside the schema must describe it. */
const unsaid = 'x-unsaid';
/** The description of a property whose schema has a name, and perhaps a description, of its own. */
const here = 'x-here';

export interface ConvertOptions {
  prose: readonly Prose[];
  /** Takes the parts that have a name (`v.title`, or prose). */
  schemas: Record<string, unknown>;
  /** True for answers: clients must not rely on the set of fields, as later versions add some. */
  open: boolean;
  /** True for bodies of requests: what is taken for a field that is left out stands in its description. With `default`, generators make the field a must. */
  tellsDefaults?: boolean;
}

/** The input (`typeMode: input`), without checks that JSON Schema cannot express. Throws if a part is unknown. */
export function convert(
  schema: v.GenericSchema,
  { prose, schemas, open, tellsDefaults = false }: ConvertOptions,
): JsonSchema {
  const config: ConversionConfig = {
    target: 'draft-2020-12',
    typeMode: 'input',
    ignoreActions: ['check', 'raw_check', 'partial_check'],
    overrideSchema({ valibotSchema, jsonSchema }) {
      if ('plain' in valibotSchema) return inner(valibotSchema.plain as v.GenericSchema);
      if (valibotSchema.type === 'lazy')
        throw new Error('a lazy schema needs a plain one beside it: see select-schema.ts');
      if (valibotSchema.type === 'custom') return { ...jsonSchema, [unsaid]: true } as JsonSchema;
      if (jsonSchema.type !== 'object' || jsonSchema.properties === undefined) return undefined;
      const schema = described(
        objectOf(jsonSchema, open),
        prose.find((one) => rootOf(one.schema) === valibotSchema),
      );
      return tellsDefaults ? withToldDefaults(schema) : schema;
    },
    overrideAction({ valibotAction, jsonSchema }) {
      if (valibotAction.type === 'regex' && 'requirement' in valibotAction) {
        return withPattern(jsonSchema, valibotAction.requirement as RegExp);
      }
      if (valibotAction.type === 'min_length' && jsonSchema.anyOf) return withMinItems(jsonSchema);
      return undefined;
    },
  };
  /** Converts a schema separately, so that later actions of a pipe do not change it. */
  function inner(plain: v.GenericSchema): JsonSchema {
    // Definitions of lazy schemas are not referred to by anything.
    const { $schema: _, $defs: __, ...rest } = toJsonSchema(plain, config);
    return rest;
  }
  return lift(said(inner(schema)), schemas);
}

/** The schema that a pipe begins with. */
function rootOf(schema: v.GenericSchema): object {
  return 'pipe' in schema ? rootOf((schema.pipe as v.GenericSchema[])[0] as v.GenericSchema) : schema;
}

function objectOf({ required = [], additionalProperties, ...rest }: JsonSchema, open: boolean): JsonSchema {
  return {
    ...rest,
    ...(required.length > 0 && { required }),
    ...(additionalProperties !== undefined && !(open && additionalProperties === false) && { additionalProperties }),
  };
}

function described(schema: JsonSchema, prose: Prose | undefined): JsonSchema {
  if (prose === undefined) return schema;
  const strangers = Object.keys(prose.fields).filter((name) => schema.properties?.[name] === undefined);
  if (strangers.length > 0) throw new Error(`${prose.name} has no ${strangers.join(', ')}`);
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const description = prose.fields[name];
      if (description === undefined || typeof property === 'boolean') return [name, property];
      return [name, { ...property, [property.title === undefined ? 'description' : here]: description }];
    }),
  );
  return { title: prose.name, description: prose.description, ...schema, properties };
}

function withToldDefaults(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    if (typeof property === 'boolean' || property.default === undefined) return [name, property];
    const { default: value, ...rest } = property;
    if (value === null || String(value) === '' || JSON.stringify(value) === '{}') return [name, rest];
    const where = here in rest ? here : 'description';
    const words = [(rest as Record<string, unknown>)[where], `By default \`${value}\`.`].filter(Boolean).join(' ');
    return [name, { ...rest, [where]: words }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** Of several patterns in a row the first is said. Regular expressions of JSON Schema are Unicode ones; other flags it has no words for. */
function withPattern(schema: JsonSchema, { source, flags }: RegExp): JsonSchema {
  if (schema.pattern !== undefined || !['', 'u'].includes(flags)) return schema;
  return { ...schema, pattern: source };
}

/** Of several forms, only the list must not be empty. */
function withMinItems({ minLength: _, ...schema }: JsonSchema): JsonSchema {
  const anyOf = schema.anyOf?.map((form) =>
    typeof form !== 'boolean' && form.type === 'array' ? { ...form, minItems: 1 } : form,
  );
  return { ...schema, ...(anyOf && { anyOf }) };
}

/** Throws where a custom schema came without words. */
function said(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value) => {
    // A number in a query is text to valibot.
    if (value?.type === 'integer' && typeof value.default === 'string')
      return { ...value, default: Number(value.default) };
    if (value?.[unsaid] === undefined) return value;
    if (value.type === undefined) throw new Error('a custom schema needs v.metadata with its JSON Schema');
    const { [unsaid]: _, ...rest } = value;
    return rest;
  });
}

/** Moves every part with a title from `schema` to `schemas`, where it stands once. Throws if two parts with one title differ. */
function lift(schema: JsonSchema, schemas: Record<string, unknown>): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, part) => {
    if (typeof part?.title !== 'string') return part;
    // The description of the place of use stays there.
    const { title, [here]: description, default: value, ...named } = part;
    const known = schemas[title];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(named)) {
      throw new Error(`two schemas are called ${title}`);
    }
    schemas[title] = named;
    return { $ref: `#/components/schemas/${title}`, description, default: value };
  });
}
