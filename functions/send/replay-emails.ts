// The handlers of POST /emails/{id}/replay and POST /emails/replay: emails that came to an end other than `sent` are sent again.
import type * as v from 'valibot';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { coversSender } from '../../lib/mail/sender.ts';
import type { Log } from '../../lib/process/log.ts';
import { inTransaction, type Sql } from '../../lib/store/database.ts';
import type { Lane } from '../../lib/store/emails/email.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { mostRepeats } from '../../lib/store/emails/events.ts';
import { findEmail } from '../../lib/store/emails/read.ts';
import {
  areReplayable,
  isReplayedOut,
  type ReplayedEmail,
  replayEmail,
  replayEmails,
} from '../../lib/store/emails/replay.ts';
import { replayableStatuses } from '../../lib/store/emails/transitions.ts';
import { countInLimits } from './accept-errors.ts';
import type { ReplayRequest } from './replay-request.ts';

export interface ReplayDependencies {
  sql: Sql;
  /** Resolves when the broker has confirmed the id. */
  publish: (lane: Lane, emailId: string, traceparent: string | null, client: string) => Promise<void>;
  /** When dispatch publishes an id that no worker has claimed. */
  publishGraceMs: number;
  log: Log;
}

/** An email may reach an end between our write and our read; then we try again, this many times. */
const maxLooks = 5;

/**
 * 202 `{object, id, status: "queued"}`; 409 `conflict` with the present status when it is sent or on its way, or saying that its
 * contents are gone, or it was replayed too often; 403 `invalid_from_address` for an API key that may not send from its sender; 404
 * when the client has no such email. Counts as an email in the client's limits (429).
 */
export async function replayOne(
  { params: { id = '' }, client: { clientId, allowedSenders }, requestId }: ClientRequest,
  dependencies: ReplayDependencies,
): Promise<Reply> {
  const { sql, publishGraceMs, log } = dependencies;
  const owner = { client_id: clientId };
  for (let look = 0; isEmailId(id) && look < maxLooks; look += 1) {
    const done = await inTransaction(sql, async (transaction) => {
      const replayed = await replayEmail(transaction, owner, id, publishGraceMs, allowedSenders);
      return replayed && { replayed, headers: await countInLimits(transaction, clientId, 1) };
    });
    if (done !== undefined) {
      const { replayed, headers } = done;
      publishAll([replayed], clientId, dependencies);
      log.info('replayed', { email_id: replayed.id, client_id: clientId, request_id: requestId });
      return { status: 202, headers, body: { object: 'email', id: replayed.id, status: 'queued' } };
    }
    const email = await findEmail(sql, owner, id);
    if (email === undefined) break;
    if (allowedSenders !== null && !coversSender(allowedSenders, email.sender.toLowerCase())) {
      throw new ApiError('invalid_from_address', `This API key may not send from ${email.sender}.`);
    }
    if (!replayableStatuses.some((status) => status === email.status)) {
      throw new ApiError('conflict', `This email cannot be replayed: its status is ${email.status}.`);
    }
    if (email.headers === null) {
      throw new ApiError('conflict', `This email (${email.status}) cannot be replayed: its contents have been purged.`);
    }
    if (await isReplayedOut(sql, owner, id)) {
      throw new ApiError('conflict', `This email was replayed ${mostRepeats} times. Send a new one.`);
    }
  }
  throw new ApiError('not_found', `You have no email with the id ${id}.`);
}

/**
 * 202 `{object: "list", data: [{id}], has_more}`, the oldest first; those whose contents have been purged are passed over. Each counts
 * as an email in the client's limits: all of them fit, or none is replayed (429).
 */
export async function replayMany(
  {
    body,
    client: { clientId, allowedSenders },
    requestId,
  }: ClientRequest<undefined, v.InferOutput<typeof ReplayRequest>>,
  dependencies: ReplayDependencies,
): Promise<Reply> {
  const { sql, publishGraceMs, log } = dependencies;
  const { limit, ...asked } = body;
  // A key replays what it may send.
  const filter = { ...asked, senders: allowedSenders };
  const owner = { client_id: clientId };
  const { replayed, hasMore, headers } = await inTransaction(sql, async (transaction) => {
    const replayed = await replayEmails(transaction, owner, filter, limit, publishGraceMs);
    const hasMore = await areReplayable(transaction, owner, filter);
    const headers = replayed.length === 0 ? {} : await countInLimits(transaction, clientId, replayed.length);
    return { replayed, hasMore, headers };
  });
  publishAll(replayed, clientId, dependencies);
  log.info('replayed', { emails: replayed.length, client_id: clientId, request_id: requestId });
  return {
    status: 202,
    headers,
    body: { object: 'list', data: replayed.map(({ id }) => ({ id })), has_more: hasMore },
  };
}

/** Nobody waits for the broker: if an id does not get there, dispatch finds the row when it is due. */
function publishAll(emails: ReplayedEmail[], client: string, { publish, log }: ReplayDependencies): void {
  const published = emails.flatMap(({ lane, id, traceparent, waits }) =>
    waits ? [] : publish(lane, id, traceparent, client),
  );
  void Promise.allSettled(published).then((results) => {
    const lost = results.filter(({ status }) => status === 'rejected').length;
    if (lost > 0) log.warn('replayed ids not published; dispatch will', { emails: lost });
  });
}
