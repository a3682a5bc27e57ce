// The handler of POST /emails/{id}/cancel: cancels an email that is not being sent yet.
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import type { Sql } from '../../lib/store/database.ts';
import { isEmailId } from '../../lib/store/emails/email.ts';
import { findEmail } from '../../lib/store/emails/read.ts';
import { transitionEmails } from '../../lib/store/emails/transition-emails.ts';
import { cancelableStatuses } from '../../lib/store/emails/transitions.ts';

export interface CancelDependencies {
  sql: Sql;
}

/** A worker may claim and release it between our read and our write; then we read again, this many times. */
const maxLooks = 5;

/** 200 `{object, id, status: "canceled"}`; 409 `conflict` with the present status when it is too late; 404 when the client has no such email. */
export async function cancelEmail(
  { params: { id = '' }, client }: ClientRequest,
  { sql }: CancelDependencies,
): Promise<Reply> {
  for (let look = 0; look < maxLooks; look += 1) {
    const email = isEmailId(id) ? await findEmail(sql, { client_id: client.clientId }, id) : undefined;
    if (email === undefined) throw new ApiError('not_found', `You have no email with the id ${id}.`);
    const isCancelable = cancelableStatuses.some((status) => status === email.status);
    if (!isCancelable && email.status !== 'canceled') {
      throw new ApiError('conflict', `It is too late to cancel this email: its status is ${email.status}.`);
    }
    if (!isCancelable || (await cancel(sql, email))) {
      return { status: 200, body: { object: 'email', id: email.id, status: 'canceled' } };
    }
  }
  throw new ApiError('conflict', 'The status of this email changes too quickly to cancel it. Try again.');
}

async function cancel(sql: Sql, { id, attempts }: { id: string; attempts: number }): Promise<boolean> {
  const changed = await transitionEmails(sql, [
    {
      id,
      by: 'cancel',
      attempts,
      to: 'canceled',
      due_in_ms: null,
      settled: {},
      last_reply: null,
      events: [{ type: 'canceled', detail: {} }],
      facts: [],
    },
  ]);
  return changed.has(id);
}
