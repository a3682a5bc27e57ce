// What the compiler refuses of a route for clients: `npm run check` fails where an error that is expected here is none.

import * as v from 'valibot';
import { expect, it } from 'vitest';
import { json } from '../http/body-form.ts';
import { type ClientRequest, clientRoute } from './client-route.ts';

const route = clientRoute<{ answer: string }>();
const where = { method: 'POST', path: '/things' } as const;
const Body = v.strictObject({ name: v.string() });

it('gives its handler the client, the body and the dependencies', async () => {
  const handled = route({
    ...where,
    scope: 'basic',
    body: json(Body),
    handle: async ({ client, body }, { answer }) => ({ status: 200, body: [client.clientId, body.name, answer] }),
  });
  const client = { clientId: 'a', scopes: [], allowedSenders: null };
  const request = {
    ...where,
    params: {},
    headers: {},
    requestId: 'r-1',
    address: '',
    stopping: new AbortController().signal,
    makeRoom: async () => {},
  };
  const reply = await handled.handle({ ...request, client, query: undefined, body: { name: 'b' } }, { answer: 'c' });
  expect(reply.body).toEqual(['a', 'b', 'c']);
});

it('has no scope that there is not, no client without one, and no handler for another body', () => {
  const handle = async () => ({ status: 204 });
  const needsClient = async ({ client }: ClientRequest) => ({ status: 200, body: client.clientId });
  const needsText = async ({ body }: ClientRequest<undefined, string>) => ({ status: 200, body });
  // @ts-expect-error
  route({ ...where, scope: 'emial', handle });
  // @ts-expect-error
  route({ ...where, handle: needsClient });
  // @ts-expect-error
  route({ ...where, scope: 'email', body: json(Body), handle: needsText });
  expect(route({ ...where, scope: 'email', handle: needsClient }).scope).toBe('email');
});
