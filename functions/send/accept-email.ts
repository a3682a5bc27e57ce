// The story of POST /send: from a request body to a committed row, an id on the queue and the 202.
import type { AccessToken } from '../../lib/access-token.ts';
import { databaseError } from '../../lib/db.ts';
import type { Acceptance, Accepted, NewEmail } from '../../lib/emails/accept.ts';
import { ApiError } from '../../lib/errors.ts';
import { parseJson, type Reply, type Request } from '../../lib/http.ts';
import type { Log } from '../../lib/log.ts';
import type { Lane } from '../../lib/queue/topology.ts';
import { traceIdOf } from '../../lib/trace.ts';
import { parseEmailRequest } from './email-request.ts';
import { fingerprint, parseIdempotencyKey } from './idempotency.ts';
import { toNewEmail } from './new-email.ts';
import { type EmailState, parseWait, waitForOutcome } from './wait.ts';

export interface AcceptDependencies {
  /** Resolves when the rows are committed. */
  store: (acceptance: Acceptance) => Promise<Accepted>;
  /** Resolves when the broker has confirmed the id. */
  publish: (lane: Lane, emailId: string, traceparent: string | null) => Promise<void>;
  /** What an email is at now; undefined if it is gone. */
  readStatus: (emailId: string) => Promise<EmailState | undefined>;
  countAccepted: (lane: Lane) => void;
  log: Log;
}

/**
 * Answers 202 `{id, status, message}` with `Location` once the row is committed: from then on the email cannot be lost, whatever
 * becomes of this process or the broker. `Accept: text/plain` gets the bare line of the original API; `Prefer: wait=N`
 * (RFC 7240) gets 200 with the outcome, if there is one within N seconds.
 *
 * A request whose `Idempotency-Key` was used before with the same body gets the first answer again, with
 * `Idempotency-Replayed: true`; with another body, `invalid_idempotent_request` (409).
 */
export async function acceptEmail(
  request: Request,
  client: AccessToken,
  dependencies: AcceptDependencies,
): Promise<Reply> {
  const waitMs = parseWait(request.headers.prefer);
  const body = parseJson(request.body);
  const email = toNewEmail(parseEmailRequest(body, new Date()), request.headers.traceparent);

  const { ids, replayed } = await storeOnce({ request, body, client, emails: [email] }, dependencies);

  const [id = email.id] = ids;
  const { readStatus } = dependencies;
  const outcome = waitMs === 0 ? undefined : await waitForOutcome(id, waitMs, readStatus, request.stopping);
  return acceptedReply(request, { id, status: statusOf(email), outcome, waitMs, replayed });
}

interface Coming {
  request: Request;
  /** As it was parsed. */
  body: unknown;
  client: AccessToken;
  emails: NewEmail[];
}

/**
 * Commits the emails of a request, unless its `Idempotency-Key` had its effect before: then `ids` are of the emails of that time.
 * What is new is put on the queue.
 */
export async function storeOnce(
  { request, body, client, emails }: Coming,
  { store, publish, countAccepted, log }: AcceptDependencies,
): Promise<{ ids: string[]; replayed: boolean }> {
  const key = parseIdempotencyKey(request.headers['idempotency-key']);
  const idempotency = key === undefined ? null : { key, fingerprint: fingerprint(body) };
  const accepted = await store({ client_id: client.clientId, idempotency, emails }).catch((error) => {
    throw databaseError(error);
  });
  const replayed = accepted.earlier_fingerprint !== null;
  if (replayed && accepted.earlier_fingerprint !== idempotency?.fingerprint) {
    throw new ApiError('invalid_idempotent_request', 'This Idempotency-Key was used before with another request body.');
  }
  for (const email of replayed ? [] : emails) {
    publishIfQueued(email, publish, log);
    countAccepted(email.lane);
    log.info('accepted', {
      email_id: email.id,
      client_id: client.clientId,
      trace_id: traceIdOf(email.traceparent),
      recipients: email.recipients.length,
    });
  }
  return { ids: accepted.email_ids, replayed };
}

/** Nobody waits for the broker: if the id does not get there, relay finds the row when it is due. */
function publishIfQueued(email: NewEmail, publish: AcceptDependencies['publish'], log: Log): void {
  if (statusOf(email) === 'scheduled') return;
  publish(email.lane, email.id, email.traceparent).catch((error) => {
    log.warn('id not published; relay will', { email_id: email.id, reason: error.message });
  });
}

function statusOf({ scheduled_at }: NewEmail): 'queued' | 'scheduled' {
  return scheduled_at === null ? 'queued' : 'scheduled';
}

interface Answer {
  id: string;
  status: 'queued' | 'scheduled';
  outcome: EmailState | undefined;
  waitMs: number;
  replayed: boolean;
}

function acceptedReply(request: Request, { id, status, outcome, waitMs, replayed }: Answer): Reply {
  const message = 'Start Queue Email';
  const headers = {
    location: `/emails/${id}`,
    ...(replayed && { 'idempotency-replayed': 'true' }),
    ...(waitMs > 0 && { 'preference-applied': `wait=${waitMs / 1000}` }),
  };
  if (wantsPlainText(request.headers.accept)) {
    return { status: 202, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body: message };
  }
  if (outcome === undefined) return { status: 202, headers, body: { id, status, message } };
  const body = { id, status: outcome.status, message, attempts: outcome.attempts, last_reply: outcome.last_reply };
  return { status: outcome.finished ? 200 : 202, headers, body };
}

function wantsPlainText(accept = ''): boolean {
  return accept.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === 'text/plain');
}
