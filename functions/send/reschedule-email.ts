// The handler of PATCH /emails/{id}: a scheduled email gets another time.
import * as v from 'valibot';
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import { checkSameId, invalidBody } from '../../lib/http/request-body.ts';
import { text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { inTransaction, type Sql } from '../../lib/store/database.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { mostRepeats } from '../../lib/store/emails/events.ts';
import { findEmail } from '../../lib/store/emails/read.ts';
import { isRescheduledOut, rescheduleEmail } from '../../lib/store/emails/reschedule.ts';
import { countInLimits } from './accept-errors.ts';
import { maxScheduleAheadMs } from './email-request.ts';
import { ScheduleTime } from './time-in-words.ts';

export interface RescheduleDependencies {
  sql: Sql;
}

/** Some SDKs repeat it in the body. */
const SameId = v.optional(text(36));
export const RescheduleRequest = strictObject({
  id: SameId,
  email_id: SameId,
  scheduled_at: v.pipe(
    ScheduleTime,
    v.check((time) => time.getTime() <= Date.now() + maxScheduleAheadMs, 'may be a year ahead at most'),
  ),
});

/**
 * 200 `{object, id, status, scheduled_at}`; a time that has passed means now. 409 `conflict` with the present status when the email
 * is not waiting for its time any more, or got another one too often, 404 when the client has no such email. Counts as an email in
 * the client's limits (429).
 */
export async function rescheduleScheduled(
  {
    params: { id = '' },
    body,
    client: { clientId },
  }: ClientRequest<undefined, v.InferOutput<typeof RescheduleRequest>>,
  { sql }: RescheduleDependencies,
): Promise<Reply> {
  const { scheduled_at, ...named } = body;
  checkSameId(named, [id]);
  const email = isEmailId(id) ? await findEmail(sql, { client_id: clientId }, id) : undefined;
  if (email === undefined) throw new ApiError('not_found', `You have no email with the id ${id}.`);
  const headers = await inTransaction(sql, async (transaction) =>
    (await rescheduleEmail(transaction, clientId, email.id, scheduled_at))
      ? countInLimits(transaction, clientId, 1)
      : undefined,
  );
  if (headers !== undefined) {
    return { status: 200, headers, body: { object: 'email', id: email.id, status: 'scheduled', scheduled_at } };
  }
  const now = (await findEmail(sql, { client_id: clientId }, id)) ?? email;
  if (now.status === 'scheduled' && (await isRescheduledOut(sql, clientId, id))) {
    throw new ApiError(
      'conflict',
      `This email was given another time ${mostRepeats} times. Cancel it and send a new one.`,
    );
  }
  if (now.status === 'scheduled') {
    throw invalidBody([{ path: 'scheduled_at', message: 'must be before expires_at of the email' }]);
  }
  throw new ApiError('conflict', `Only a scheduled email has a time to move: its status is ${now.status}.`);
}
