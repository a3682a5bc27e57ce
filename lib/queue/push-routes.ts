// The routes for hosts that push messages instead of having them consumed: `POST /`, and what such hosts ask before they push.
import pLimit from 'p-limit';
import { parseJson } from '../http/body.ts';
import type { BodyForm } from '../http/body-form.ts';
import { ApiError } from '../http/errors.ts';
import { untyped } from '../http/media-type.ts';
import { invalidBody } from '../http/request-body.ts';
import { declare } from '../http/route.ts';
import { batched, type Pushed, readPushed, structured } from './pushed-ids.ts';
import { handshake } from './webhook-handshake.ts';

const route = declare<never, undefined, undefined>();

/** What a push may bring: as much as is parsed at once. Lambda's batch of 100 messages has some 200,000. */
export const mostPushedBytes = 1_000_000;
/** Ids of a push under way at once. */
const idsAtOnce = 100;

/** All that hosts of Azure Functions look for in the answer to an invocation. */
const invoked = { Outputs: {}, Logs: [], ReturnValue: null };

interface PushOptions {
  /** What an id is of. */
  what: 'email' | 'delivery';
  /** Of the function: Azure's host calls `POST /<name>`. */
  name: string;
  deliver: (id: string) => Promise<void>;
}

/**
 * 2xx: all ids are dealt with, do not push again. 422: some of it is no message of ours (what is has been dealt with). 500 or 503: push
 * all of it again; ids that were dealt with pass, as their rows say so.
 */
export function createPushRoutes({ what, name, deliver }: PushOptions) {
  const body = pushed(what);
  const push = (path: string) =>
    route({
      method: 'POST',
      path,
      body,
      async handle({ body: { ids, faults, isInvocation }, stopping }) {
        await deliverAll(ids, deliver, stopping);
        if (faults.length > 0) throw invalidBody(faults);
        return isInvocation ? { status: 200, body: invoked } : { status: 204 };
      },
    });
  return {
    push: push('/'),
    invoke: push(`/${name}`),
    handshake: route({ method: 'OPTIONS', path: '/', handle: async ({ headers }) => handshake(headers) }),
  };
}

/** Waits for all that has begun. After a fault, and when the process is told to end, no more is begun. */
async function deliverAll(
  ids: readonly string[],
  deliver: PushOptions['deliver'],
  stopping: AbortSignal,
): Promise<void> {
  const turns = pLimit(idsAtOnce);
  let fault: { error: unknown } | undefined;
  const one = async (id: string) => {
    if (fault) return;
    try {
      if (stopping.aborted) throw new ApiError('unavailable', 'This process is about to end. Push again.');
      await deliver(id);
    } catch (error) {
      fault ??= { error };
    }
  };
  await Promise.all(ids.map((id) => turns(() => one(id))));
  if (fault) throw fault.error;
}

function pushed(what: string): BodyForm<Pushed> {
  return {
    types: [structured, batched, 'application/json', untyped],
    maxBytes: mostPushedBytes,
    parse: (bytes, headers) => readPushed(parseJson(bytes), headers, what),
  };
}
