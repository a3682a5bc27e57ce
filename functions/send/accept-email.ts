// The handler of POST /send: from a request body to a committed row, an id on the queue and the 202.
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { fitOfType } from '../../lib/http/accept.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import type { Work } from '../../lib/http/work.ts';
import type { Log } from '../../lib/process/log.ts';
import { continueTrace, traceIdOf } from '../../lib/process/trace.ts';
import type { Sql } from '../../lib/store/database.ts';
import type { Accepted } from '../../lib/store/emails/accept.ts';
import type { Acceptance, NewEmail } from '../../lib/store/emails/acceptance.ts';
import { type AcceptedStatus, findEarlierRequest } from '../../lib/store/emails/earlier-requests.ts';
import type { Lane } from '../../lib/store/emails/email.ts';
import { type AcceptedAs, leftOut, limitedError, senderError } from './accept-errors.ts';
import type { BatchValidation } from './batch-request.ts';
import type { RequestedEmail } from './email-request.ts';
import { parseIdempotencyKey } from './idempotency.ts';
import { toNewEmail } from './new-email.ts';
import type { QueueShare } from './queue-share.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import { type Read, readEmail } from './read-request.ts';
import { type WriteEmails, writeOne } from './render-emails.ts';
import { type EmailState, parseWait, waitForOutcome } from './wait.ts';

export interface AcceptDependencies {
  /** Does in threads what takes long. */
  work: Work;
  /** Renders templates. */
  writeEmails: WriteEmails;
  /** Resolves when the rows are committed. */
  store: (acceptance: Acceptance) => Promise<Accepted>;
  /** Resolves when the broker has confirmed the id. */
  publish: (lane: Lane, emailId: string, traceparent: string | null, client: string) => Promise<void>;
  /** Whose ids go on the queue at once; other emails wait for dispatch to give them a place there. */
  places: QueueShare;
  /** What an email is at now; undefined if it is gone. */
  readStatus: (emailId: string) => Promise<EmailState | undefined>;
  countAccepted: (lane: Lane, status: AcceptedStatus) => void;
  sql: Sql;
  log: Log;
}

/**
 * Answers 202 `{id, status, message}` with `Location` once the row is committed: from then on the email cannot be lost, whatever
 * becomes of this process or the broker. `Accept: text/plain`, where it ranks before JSON, gets the bare line of the original API; `Prefer: wait=N`
 * (RFC 7240) gets 200 with the outcome, if there is one within N seconds.
 *
 * A request whose `Idempotency-Key` was used before with the same body gets the first answer again, with
 * `Idempotency-Replayed: true`; with another body, `invalid_idempotent_request` (409).
 *
 * A sender that the client may not use is `invalid_from_address` (403); a client above its limits gets `rate_limit_exceeded` or
 * `daily_quota_exceeded` (429). Where every recipient is on the client's suppression list, the status is `suppressed` at once.
 */
export async function acceptEmail(
  request: ClientRequest<undefined, Buffer>,
  dependencies: AcceptDependencies,
): Promise<Reply> {
  const waitMs = parseWait(request.headers.prefer);
  const { headers, client, requestId } = request;
  const read = await readEmail(request, new Date(), dependencies.work);
  const coming = { headers, client, requestId, fingerprint: read.fingerprint };
  const stored = await accept(coming, read, dependencies).catch((refusal) => earlierOr(refusal, coming, dependencies));

  const [id = ''] = stored.ids;
  const { readStatus } = dependencies;
  const outcome = waitMs === 0 ? undefined : await waitForOutcome(id, waitMs, readStatus, request.stopping);
  return acceptedReply(request, { id, stored, outcome, waitMs });
}

type Coming = Pick<ClientRequest, 'headers' | 'client' | 'requestId'> & Pick<Read<unknown>, 'fingerprint'>;

async function accept(request: Coming, read: Read<RequestedEmail>, dependencies: AcceptDependencies): Promise<Stored> {
  const { headers, client } = request;
  const written = await writeOne(dependencies.writeEmails, client.clientId, read.requested());
  const email = toNewEmail(written, continueTrace(headers.traceparent));
  return storeOnce(request, { emails: [email] }, dependencies);
}

/**
 * A repeated request may be faulty by now: its `expires_at` has passed, its template has changed. If its `Idempotency-Key` has
 * already taken effect, it still gets the first answer; otherwise `refusal` is thrown.
 */
export async function earlierOr(
  refusal: unknown,
  { headers, client, fingerprint }: Coming,
  { sql }: AcceptDependencies,
): Promise<Stored> {
  const key = parseIdempotencyKey(headers['idempotency-key']);
  if (key === undefined || !(refusal instanceof ApiError) || refusal.status !== 422) throw refusal;
  const earlier = await findEarlierRequest(sql, client.clientId, key);
  if (earlier === undefined || earlier.fingerprint !== fingerprint()) throw refusal;
  return earlierAnswer({ outcome: 'earlier', limits: null, ...earlier }, earlier.fingerprint);
}

interface Written {
  emails: NewEmail[];
  /** Of a batch. */
  validation?: BatchValidation;
}

/** The result of a request that is accepted, now or earlier with the same key. */
export interface Stored {
  ids: string[];
  /** Of the first email, when it was accepted. */
  status: AcceptedStatus;
  /** Emails of a permissive request that were left out, each with what there is to say. */
  leftOut: { index: number; message: string }[];
  /** Headers of the answer: what is left of the client's limits, and whether the answer is that of an earlier request. */
  headers: Record<string, string>;
}

/**
 * Commits the emails of a request, unless its `Idempotency-Key` had its effect before: then `ids` are of the emails of that time.
 * What is new is put on the queue.
 */
export async function storeOnce(
  { headers, client, requestId, fingerprint }: Coming,
  { emails: written, validation }: Written,
  { store, publish, places, countAccepted, log }: AcceptDependencies,
): Promise<Stored> {
  const key = parseIdempotencyKey(headers['idempotency-key']);
  const idempotency = key === undefined ? null : { key, fingerprint: fingerprint() };
  const permissive = validation === 'permissive';
  const emails = written.map((email) => {
    const hasPlace = email.scheduled_at === null && places.take(email.lane, client.clientId);
    return { ...email, hasPlace, waits: email.scheduled_at === null && !hasPlace };
  });
  const { clientId: client_id, allowedSenders: allowed_senders } = client;
  const settlePlace = ({ hasPlace, lane }: (typeof emails)[number]) => hasPlace && places.settle(lane);
  const accepted = await store({ client_id, allowed_senders, idempotency, emails, permissive }).catch((error) => {
    emails.forEach(settlePlace);
    throw error;
  });
  const statuses = new Map(accepted.outcome === 'stored' ? accepted.emails.map(({ id, status }) => [id, status]) : []);
  for (const email of emails) {
    if (email.hasPlace && statuses.get(email.id) === 'queued') {
      publishNow(email, client.clientId, publish, log).finally(() => settlePlace(email));
    } else settlePlace(email);
  }
  switch (accepted.outcome) {
    case 'stored':
      break;
    case 'earlier':
      return earlierAnswer(accepted, idempotency?.fingerprint);
    case 'sender_refused':
      throw senderError(accepted, validation !== undefined);
    case 'limited':
      throw limitedError(accepted);
  }
  for (const email of emails) {
    const status = statuses.get(email.id);
    if (status === undefined) continue;
    countAccepted(email.lane, status);
    log.info('accepted', {
      email_id: email.id,
      client_id: client.clientId,
      request_id: requestId,
      trace_id: traceIdOf(email.traceparent),
      recipients: email.recipients.length,
      status,
    });
  }
  return {
    ids: accepted.emails.map(({ id }) => id),
    status: accepted.emails[0]?.status ?? 'queued',
    leftOut: leftOut(accepted),
    headers: rateLimitHeaders(accepted.limits),
  };
}

function earlierAnswer(earlier: AcceptedAs<'earlier'>, fingerprint: string | undefined): Stored {
  if (earlier.fingerprint !== fingerprint) {
    throw new ApiError('invalid_idempotent_request', 'This Idempotency-Key was used before with another request body.');
  }
  const headers = { 'idempotency-replayed': 'true', ...rateLimitHeaders(earlier.limits) };
  return { ids: earlier.email_ids, status: earlier.status, leftOut: [], headers };
}

/** Nobody waits for the broker: if the id does not get there, dispatch finds the row when it is due. */
function publishNow(email: NewEmail, client: string, publish: AcceptDependencies['publish'], log: Log): Promise<void> {
  return publish(email.lane, email.id, email.traceparent, client).catch((error) => {
    log.warn('id not published; dispatch will', { email_id: email.id, reason: error.message });
  });
}

interface Answer {
  id: string;
  stored: Stored;
  outcome: EmailState | undefined;
  waitMs: number;
}

function acceptedReply({ headers: asked }: Pick<Coming, 'headers'>, { id, stored, outcome, waitMs }: Answer): Reply {
  const message = 'Start Queue Email';
  const headers = {
    location: `/emails/${id}`,
    ...stored.headers,
    ...(waitMs > 0 && { 'preference-applied': `wait=${waitMs / 1000}` }),
  };
  if (wantsPlainText(asked.accept)) {
    return { status: 202, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body: message };
  }
  if (outcome === undefined) return { status: 202, headers, body: { id, status: stored.status, message } };
  const body = { id, status: outcome.status, message, attempts: outcome.attempts, last_reply: outcome.last_reply };
  return { status: outcome.finished ? 200 : 202, headers, body };
}

/** JSON, unless `text/plain` ranks strictly before it (RFC 9110 §12.5.1). */
function wantsPlainText(accept: string | undefined): boolean {
  return fitOfType(accept, 'text/plain').quality > fitOfType(accept, 'application/json').quality;
}
