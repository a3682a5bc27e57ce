// The OpenAPI document as far as the reference page shows it. infra/openapi makes it, so it has this shape.
import document from '../openapi.json' with { type: 'json' };

export interface Schema {
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  contentEncoding?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
}

export interface Referred {
  $ref?: string;
}

export interface Parameter extends Referred {
  name: string;
  in: string;
  required?: boolean;
  description: string;
  schema: Schema;
}

export interface Media {
  schema: Schema;
  example?: unknown;
}

export interface Response {
  description: string;
  headers?: Record<string, Referred>;
  content?: Record<string, Media>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: (Parameter | Required<Referred>)[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Response>;
  'x-codeSamples': { label: string; source: string }[];
}

/** What is sent to the endpoint of a client. */
export type Message = Pick<Operation, 'operationId' | 'summary' | 'description'> &
  Required<Pick<Operation, 'requestBody'>>;

export interface Document {
  info: { title: string; version: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Message }>;
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> };
}

export const apiDocument = document as unknown as Document;
