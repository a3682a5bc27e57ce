// How a route takes its body: which media types, what it may be, and what the handler gets of it.
import type { IncomingHttpHeaders } from 'node:http';
import type * as v from 'valibot';
import { parseJson } from './body.ts';
import { checkBody } from './request-body.ts';

export interface BodyForm<Body> {
  /** Media types that the body may have. */
  types: readonly string[];
  /** What the body may be. The API's document is made of it; a route that is not in the document needs none. */
  schema?: v.GenericSchema;
  /** From the bytes to what the handler gets; throws what is wrong with them. */
  parse: (bytes: Buffer, headers: IncomingHttpHeaders) => Body;
}

const types = ['application/json'];

/** JSON that fits the schema: every fault is named at once. */
export function json<const Schema extends v.GenericSchema>(schema: Schema): BodyForm<v.InferOutput<Schema>> {
  return { types, schema, parse: (bytes) => checkBody(schema, parseJson(bytes)) };
}

/** JSON whose handler checks it: `schema` is for the document alone. */
export function anyJson(schema: v.GenericSchema): BodyForm<unknown> {
  return { types, schema, parse: parseJson };
}

/** JSON that the handler parses when its turn comes: until then it is kept as the bytes it came in. */
export function unparsedJson(schema: v.GenericSchema): BodyForm<Buffer> {
  return { types, schema, parse: (bytes) => bytes };
}
