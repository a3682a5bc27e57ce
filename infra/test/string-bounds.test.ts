// Every string that a caller gives has a bound, and what is longer costs no more than what is as long: bodies, queries, headers, parameters, paths.

import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { isKnown } from '../../functions/console/if-none-match.ts';
import { ListQuery } from '../../functions/history/list-query.ts';
import { addressInPath } from '../../functions/manage/suppressions/suppression-request.ts';
import { allowsChange } from '../../functions/manage/templates/template-request.ts';
import { parseBatchValidation } from '../../functions/send/batch-request.ts';
import { parseIdempotencyKey } from '../../functions/send/idempotency.ts';
import { parseWait } from '../../functions/send/wait.ts';
import { presentedCredentials } from '../../functions/token/credentials.ts';
import { parseParameters, readParameters, readResources } from '../../functions/token/parameters.ts';
import { fitOfType } from '../../lib/http/accept.ts';
import { chooseEncoding } from '../../lib/http/accept-encoding.ts';
import { callerAddress, proxySettings } from '../../lib/http/caller-address.ts';
import { problemTypeFor } from '../../lib/http/errors.ts';
import { checkMediaType } from '../../lib/http/media-type.ts';
import { checkQuery } from '../../lib/http/query.ts';
import { queryOf } from '../../lib/http/request-head.ts';
import { requestIdOf } from '../../lib/http/request-id.ts';
import { checkRequestLine } from '../../lib/http/request-line.ts';
import { mostBodyBytes } from '../../lib/http/size-limits.ts';
import { continueTrace } from '../../lib/process/trace.ts';
import { operations } from '../openapi/operations/index.ts';
import { createTestCheck } from './check-access.ts';
import { leastMs } from './cost.ts';
import { boundOf, type Place, placesIn } from './string-schemas.ts';

/** What expressions, normalisation and IDNA have been slow with; each repeated up to the length that is asked for. */
const worst = [
  ' ',
  'e\u0301',
  '\u0300',
  '@',
  '/',
  '<',
  '"',
  '\\',
  '=?',
  '=?a?q?',
  '1',
  'a',
  'a.',
  '.',
  'ä',
  '%',
  ',',
  '; a=',
  '>,<',
  'a@',
  ' <a@',
  '\ud83d\ude00',
];
const long = (unit: string, length: number) =>
  unit.repeat(Math.ceil(Math.max(length, 0) / unit.length)).slice(0, Math.max(length, 0));
const forms = (unit: string, length: number) => [
  long(unit, length),
  `a${long(unit, length - 2)}b`,
  `${long(unit, length - 12)}@example.com`,
];

/** A string given as a field may be, as the name in a map, and as its value. */
const given = (schema: v.GenericSchema) => (text: string) => {
  v.safeParse(schema, text);
  v.safeParse(schema, [text]);
  v.safeParse(schema, { [text]: text });
  v.safeParse(schema, { 'X-A': text });
};

const schemas: Place[] = operations.flatMap(({ id, tag, body, query }) => [
  ...(query ? placesIn(`${id}?`, query.schema) : []),
  // Those of OAuth2 are read by readParameters; their schemas are for the document alone.
  ...(body && tag !== 'Tokens' ? placesIn(id, body.schema) : []),
]);

/** Node lets so much of a head in, and the token function of a body. */
const mostHead = 16_384;

const headers = { 'content-type': 'application/json' };
const parameters = (given: unknown) => parseParameters(Buffer.from(JSON.stringify(given)), headers);
const checkToken = createTestCheck({
  issuer: 'a',
  audience: 'a',
  jwksUrl: 'http://127.0.0.1:1',
  sql: undefined as never,
});
const readQuery = (text: string) => {
  const request = { url: `/emails?${text}`, rawHeaders: [] as string[] } as IncomingMessage;
  checkRequestLine(request);
  checkQuery(ListQuery, queryOf(request));
};
/** The readers of headers, paths and OAuth2 parameters, with the longest that each takes. */
const readers: Record<string, [bound: number, read: (text: string) => unknown]> = {
  'Idempotency-Key': [514, parseIdempotencyKey],
  'quoted Idempotency-Key': [514, (text) => parseIdempotencyKey(`"${text}"`)],
  Prefer: [1_000, (text) => parseWait(`wait${text}`)],
  'If-Match': [1_500, (text) => allowsChange(text, 1)],
  'If-None-Match': [1_500, (text) => isKnown(text, '"a"')],
  Accept: [2_000, (text) => fitOfType(text, 'text/plain')],
  'Accept-Encoding': [2_000, (text) => chooseEncoding(text, ['br', 'gzip'])],
  'User-Agent': [500, (text) => problemTypeFor({ 'user-agent': text })],
  'X-Batch-Validation': [10, parseBatchValidation],
  traceparent: [55, continueTrace],
  'Content-Type': [255, (text) => checkMediaType({ 'content-type': text }, ['application/json'])],
  'X-Request-Id': [128, (text) => requestIdOf({ 'x-request-id': text })],
  'Content-Encoding': [10, (text) => checkMediaType({ ...headers, 'content-encoding': text }, ['application/json'])],
  'Authorization: Bearer': [8_000, (text) => checkToken(`Bearer ${text}`, 'basic').catch(() => {})],
  'Authorization: Basic': [2_000, (text) => presentedCredentials(`Basic ${text}`, {})],
  'id and secret of Basic': [
    2_000,
    (text) => presentedCredentials(`Basic ${Buffer.from(text).toString('base64')}`, {}),
  ],
  client_assertion: [
    8_000,
    (text) =>
      presentedCredentials(
        undefined,
        readParameters(
          parameters({
            client_assertion: text,
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          }),
          ['client_assertion', 'client_assertion_type'],
        ),
      ),
  ],
  scope: [1_000, (text) => readParameters(parameters({ scope: text }), ['scope'])],
  resource: [1_000, (text) => readResources(parameters({ resource: text }))],
  'X-Forwarded-For': [
    1_000,
    (text) => {
      const headers = { 'x-forwarded-for': text };
      const request = { headers, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage;
      // Each entry is a proxy, so that all of them are looked at.
      callerAddress(request, v.parse(proxySettings.TRUSTED_PROXIES, 'private_ranges 0.0.0.0/0 ::/0'));
    },
  ],
  'X-Forwarded-For of proxies': [
    1_000,
    (text) => {
      const headers = { 'x-forwarded-for': '192.0.2.7,'.repeat(text.length / 10) };
      const request = { headers, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage;
      callerAddress(request, v.parse(proxySettings.TRUSTED_PROXIES, 'private_ranges 0.0.0.0/0'));
    },
  ],
  'a query': [2_000, (text) => readQuery(`since=${text}`)],
  'a query of parameters': [
    2_000,
    (text) => readQuery(Array.from({ length: text.length / 4 }, (_, index) => index.toString(36)).join('&')),
  ],
  path: [2_000, (text) => checkRequestLine({ url: `/${text}`, rawHeaders: [] })],
  'address in a path': [254, addressInPath],
};

/** Milliseconds that the worst text may take. Measured: 0.1 at most. */
const mostMs = 5;

function expectBounded(
  bound: number,
  read: (text: string) => unknown,
  mostCharacters = Number.POSITIVE_INFINITY,
): void {
  const quietly = (text: string) => () => {
    try {
      read(text);
    } catch {
      // A refusal is as good as a reading.
    }
  };
  const slow: string[] = [];
  for (const unit of worst) {
    for (const times of [1, 10, 100]) {
      for (const text of forms(unit, Math.min(bound * times, mostCharacters))) {
        const ms = leastMs(quietly(text), mostMs);
        if (ms > mostMs)
          slow.push(`${JSON.stringify(text.slice(0, 12))}… ${times} times the bound: ${ms.toFixed(1)} ms`);
      }
    }
  }
  expect(slow).toEqual([]);
}

const strings = schemas.filter(({ schema }) => boundOf(schema) !== null);

describe('schemas', () => {
  it('are found', () => {
    const names = strings.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(60);
    for (const end of [
      '.from',
      '.to',
      '.subject',
      '.filename',
      '.recipient',
      '.url',
      '.since',
      '?.tag',
      '.reply_to',
      '.email',
    ])
      expect(
        names.filter((name) => name.endsWith(end)),
        end,
      ).not.toEqual([]);
  });

  it('have a bound wherever a string is given', () => {
    const without = strings.filter(({ schema }) => boundOf(schema) === undefined).map(({ name }) => name);
    expect(without).toEqual([]);
  });

  it('end at the bound: what is longer is one fault, whatever else it is', () => {
    for (const { name, schema } of strings) {
      const bound = boundOf(schema) ?? 0;
      if (bound === mostBodyBytes) continue;
      expect(v.safeParse(schema, ' '.repeat(bound + 1)).issues, name).toHaveLength(1);
    }
  });
});

describe('the worst text takes 5 ms at most, at 1, 10 and 100 times the bound', () => {
  const bounded = new Map<v.GenericSchema, Place>(schemas.map((place) => [place.schema, place]));
  it.each([...bounded.values()].map(({ name, schema }) => [name, schema] as const))('%s', (_name, schema) => {
    // What may fill a body has the body's bound, which is the host's; parts of it are as long as their own.
    const bound = boundOf(schema) ?? 300;
    expectBounded(bound === mostBodyBytes ? 1_000 : Math.min(bound, 10_000), given(schema));
  });

  it.each(Object.entries(readers))('%s', (_name, [bound, read]) => expectBounded(bound, read, mostHead));
});
