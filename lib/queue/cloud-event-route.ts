// The route `POST /` for hosts that push messages: one CloudEvent whose data is that of a queue message.

import type { IncomingHttpHeaders } from 'node:http';
import { parseJson } from '../http/body.ts';
import type { BodyForm } from '../http/body-form.ts';
import { ApiError } from '../http/errors.ts';
import { mediaType } from '../http/media-type.ts';
import { declare } from '../http/route.ts';
import { readIds } from './queue-message.ts';

const route = declare<never, undefined, undefined>();
const structured = 'application/cloudevents+json';

/**
 * CloudEvents 1.0 over HTTP: structured (`application/cloudevents+json`, the id in `data.id`) or binary (`ce-*` headers, the
 * data `{"id"}` as the body); several ids go in `ids`. 204: done, do not push again; 422: not such an event; 503: push again.
 */
export function createCloudEventRoute(what: 'email' | 'delivery', deliver: (id: string) => Promise<void>) {
  return route({
    method: 'POST',
    path: '/',
    body: idsOf(what),
    async handle({ body: ids }) {
      await Promise.all(ids.map(deliver));
      return { status: 204 };
    },
  });
}

function idsOf(what: string): BodyForm<string[]> {
  return {
    types: [structured, 'application/json'],
    parse(bytes, headers) {
      const ids = readIds(eventData(bytes, headers));
      if (ids !== undefined) return ids;
      throw new ApiError('validation_error', `The data of the event must be {"id": "<id of the ${what}>"}.`, {
        errors: [{ path: 'data.id', message: `must be the id of the ${what}` }],
      });
    },
  };
}

function eventData(bytes: Buffer, headers: IncomingHttpHeaders): unknown {
  const body = parseJson(bytes);
  const isStructured = mediaType(headers) === structured;
  if (!isStructured && headers['ce-specversion'] === undefined) {
    throw new ApiError('validation_error', 'This is not a CloudEvent: it has no ce-specversion header.');
  }
  if (!isStructured) return body;
  return typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined;
}
