// The pushed form: `POST /` with one CloudEvent whose data is that of a queue message, for hosts that push instead of being consumed from.

import { parseJson } from '../http/body.ts';
import { databaseError } from '../http/database-error.ts';
import { ApiError } from '../http/errors.ts';
import type { Reply, Request } from '../http/exchange.ts';
import { mediaType } from '../http/media-type.ts';
import type { Route } from '../http/route.ts';
import { readIds } from './queue-message.ts';

/**
 * CloudEvents 1.0 over HTTP: structured (`application/cloudevents+json`, the id in `data.id`) or binary (`ce-*` headers, the
 * data `{"id"}` as the body), or several in `ids`. 204: dealt with, do not push again; 422: not such an event; 503: push again.
 */
export function createCloudEventRoute(what: 'email' | 'delivery', deliver: (id: string) => Promise<void>): Route {
  return {
    method: 'POST',
    path: '/',
    accepts: ['application/cloudevents+json', 'application/json'],
    async handle(request: Request): Promise<Reply> {
      const ids = readIds(eventData(request));
      if (ids === undefined) {
        throw new ApiError('validation_error', `The data of the event must be {"id": "<id of the ${what}>"}.`, {
          errors: [{ path: 'data.id', message: `must be the id of the ${what}` }],
        });
      }
      await Promise.all(ids.map(deliver)).catch((error) => {
        throw databaseError(error);
      });
      return { status: 204 };
    },
  };
}

function eventData(request: Request): unknown {
  const body = parseJson(request.body);
  const isStructured = mediaType(request.headers) === 'application/cloudevents+json';
  if (!isStructured && request.headers['ce-specversion'] === undefined) {
    throw new ApiError('validation_error', 'This is not a CloudEvent: it has no ce-specversion header.');
  }
  if (!isStructured) return body;
  return typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined;
}
