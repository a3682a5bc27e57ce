// The document and the gateway's table hold the functions' routes; what the document says of answers fits their schemas.
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { unknownEvents, webhookEvents } from '../../lib/store/webhooks/webhook.ts';
import { functionFor, routes as gatewayRoutes } from '../gateway/routes.ts';
import { documentText } from './document-text.ts';
import { documentedRoutes, messages, operations } from './operations/index.ts';

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const names = (list: readonly { method: string; path: string }[]) => list.map(nameOf).toSorted();

/** These never come. */
const unknown: readonly string[] = unknownEvents;

describe('the document', () => {
  it('has the routes of the functions and no others', () => {
    expect(names(operations)).toEqual(names(Object.values(documentedRoutes).flatMap((table) => Object.values(table))));
  });

  it('has what the gateway passes on, where it passes it', () => {
    for (const [name, table] of Object.entries(documentedRoutes)) {
      for (const { method, path } of Object.values(table)) {
        const passed = functionFor(method, path.replaceAll(/\{\w+\}/g, '0199'));
        expect({ operation: `${method} ${path}`, passed }).toEqual({ operation: `${method} ${path}`, passed: name });
      }
    }
    const shaped = operations.map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, '{id}') }));
    const unknown = gatewayRoutes.filter(
      (line) =>
        !line.path.startsWith('/docs/') &&
        !shaped.some(({ method, path }) => path === line.path && method === (line.method ?? method)),
    );
    expect(unknown).toEqual([]);
  });

  it('names each operation and each part of a path once', () => {
    const ids = [...operations, ...messages].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, path_parameters = {} } of operations) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect({ path, parts }).toEqual({ path, parts: Object.keys(path_parameters) });
    }
  });

  const answers = operations.flatMap(({ id, answers }) =>
    Object.entries(answers).flatMap(([status, { body = {} }]) =>
      Object.entries(body).map(([type, { schema, example }]) => ({ name: `${id} ${status} ${type}`, schema, example })),
    ),
  );
  it.each(answers)('shows an answer that fits its schema: $name', ({ schema, example }) => {
    expect(v.safeParse(schema, example).issues).toBeUndefined();
  });

  it.each(messages)('shows a message that fits its schema: $type', ({ schema, example }) => {
    expect(v.safeParse(schema, example).issues).toBeUndefined();
  });

  it('has a message for every event that there is', () => {
    expect(messages.map(({ type }) => type).toSorted()).toEqual(
      webhookEvents.filter((event) => event !== '*' && !unknown.includes(event)).toSorted(),
    );
  });

  it('makes no field of a request a must by its default, as generators of clients do', () => {
    const { paths, components } = JSON.parse(documentText());
    const musts: string[] = [];
    const names = Object.keys(components.schemas).filter((name) =>
      /Request$|^Attachment$|^Tag$|^Unsubscribe$/.test(name),
    );
    expect(names.length).toBeGreaterThan(10);
    const bodies = Object.values(paths).flatMap((methods) =>
      Object.values(methods as object).map(({ requestBody }) => requestBody),
    );
    const parts = [...names.map((name) => components.schemas[name]), ...bodies];
    walk(parts, '#', (where, { properties }) => {
      for (const [field, schema] of Object.entries(properties ?? {}))
        if ('default' in schema) musts.push(`${where}.${field}`);
    });
    expect(musts).toEqual([]);
    expect(components.schemas.EmailRequest.required).toEqual(['from', 'to']);
  });

  it('says of every field what it is', () => {
    const silent: string[] = [];
    walk(JSON.parse(documentText()), '#', (where, { properties }) => {
      for (const [field, schema] of Object.entries(properties ?? {})) {
        const { description, $ref, const: only, enum: narrowed } = schema as Record<string, unknown>;
        if (description ?? $ref ?? only ?? narrowed) continue;
        silent.push(`${where}.${field}`);
      }
    });
    expect(silent).toEqual([]);
  });
});

type Visit = (where: string, part: { properties?: object }) => void;

function walk(part: unknown, where: string, visit: Visit): void {
  if (typeof part !== 'object' || part === null) return;
  visit(where, part);
  for (const [key, inner] of Object.entries(part))
    if (!key.startsWith('example')) walk(inner, `${where}/${key}`, visit);
}
