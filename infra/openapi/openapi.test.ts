// The document, the routes of the functions and the gateway's table are one; what the document says of answers fits their schemas.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { createConsoleRoutes } from '../../functions/console/routes.ts';
import { createHistoryRoutes } from '../../functions/history/routes.ts';
import { createManageRoutes } from '../../functions/manage/routes.ts';
import { createSendRoutes } from '../../functions/send/routes.ts';
import { createSigningKeys } from '../../functions/token/create-signing-key.ts';
import { createTokenRoutes } from '../../functions/token/routes.ts';
import { parseSigningKeys } from '../../functions/token/signing-keys.ts';
import type { Route } from '../../lib/http/route.ts';
import { webhookEvents } from '../../lib/store/webhooks/webhook.ts';
import { functionFor, routes as gatewayRoutes, type PublicFunction } from '../gateway/routes.ts';
import { documentFile, documentText } from './generate.ts';
import { messages, operations, operationsOf } from './operations/index.ts';

/** The tables are read; nothing is asked of what the handlers work with. */
const unused = {} as never;
let routesOf: Record<PublicFunction, Route[]>;

beforeAll(async () => {
  const keys = parseSigningKeys(await createSigningKeys('ES256'));
  const token = {
    sql: unused,
    log: unused,
    keys,
    issuer: 'http://a.test',
    audience: 'http://a.test',
    lifetimeSeconds: 1,
  };
  routesOf = {
    token: createTokenRoutes(token),
    send: createSendRoutes(unused),
    history: createHistoryRoutes(unused),
    manage: createManageRoutes(unused),
    // What the page loads and links is no operation of the API.
    console: createConsoleRoutes(unused).filter(({ path }) => !isPartOfPage(path)),
  };
});

const isPartOfPage = (path: string) => path.startsWith('/docs/');
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const names = (list: readonly { method: string; path: string }[]) => list.map(nameOf).toSorted();

describe('the document', () => {
  it('is the one that `npm run openapi` writes', () => {
    expect(readFileSync(documentFile, 'utf8') === documentText(), 'run `npm run openapi` and commit the file').toBe(
      true,
    );
  });

  it.each(Object.keys(operationsOf) as PublicFunction[])('has the routes of %s and no others', (name) => {
    expect(names(operationsOf[name])).toEqual(names(routesOf[name]));
    for (const { method, path, body } of operationsOf[name]) {
      const route = routesOf[name].find((one) => one.method === method && one.path === path);
      expect({ path, types: body?.types }).toEqual({ path, types: route?.accepts });
    }
  });

  it('has what the gateway passes on, where it passes it', () => {
    for (const [name, list] of Object.entries(operationsOf)) {
      for (const { method, path } of list) {
        const passed = functionFor(method, path.replaceAll(/\{\w+\}/g, '0199'));
        expect({ operation: `${method} ${path}`, passed }).toEqual({ operation: `${method} ${path}`, passed: name });
      }
    }
    const shaped = operations.map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, '{id}') }));
    const unknown = gatewayRoutes.filter(
      (line) =>
        !isPartOfPage(line.path) &&
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
      webhookEvents.filter((event) => event !== '*').toSorted(),
    );
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
