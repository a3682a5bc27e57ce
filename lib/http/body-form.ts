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
  /** Most bytes that it may have, where that is less than the function takes. */
  maxBytes?: number;
  /** From the bytes to what the handler gets; throws what is wrong with them. */
  parse: (bytes: Buffer, headers: IncomingHttpHeaders) => Body;
}

const types = ['application/json'];

/** Parsing more would hold up all others: routes that take more parse it in a thread. */
const mostParsedAtOnce = 1_000_000;

/** JSON that fits the schema: every fault is named at once. */
export function json<const Schema extends v.GenericSchema>(schema: Schema): BodyForm<v.InferOutput<Schema>> {
  return { types, schema, maxBytes: mostParsedAtOnce, parse: (bytes) => checkBody(schema, parseJson(bytes)) };
}

/** JSON that the handler parses where and when its turn comes: until then it is kept as the bytes it came in. */
export function unparsedJson(schema: v.GenericSchema): BodyForm<Buffer> {
  return { types, schema, parse: (bytes) => bytes };
}
