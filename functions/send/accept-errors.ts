// The errors of a request refused by the accepting statement (sender, limits), and the headers with what is left of the limits.

import { ApiError } from '../../lib/http/errors.ts';
import { type LimitName, type RateLimits, takeFromLimits } from '../../lib/store/clients/rate-limits.ts';
import type { Query } from '../../lib/store/database.ts';
import type { Accepted, RefusedSender } from '../../lib/store/emails/accept.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** What acceptance came to, where it was this. */
export type AcceptedAs<Outcome> = Extract<Accepted, { outcome: Outcome }>;

/** Most faults that an error names. */
const maxNamed = 20;

/** In a batch, the emails are named by their index. */
export function senderError({ senders, allowed_senders }: AcceptedAs<'sender_refused'>, inBatch: boolean): ApiError {
  const errors = senders.map(({ index, sender }) => ({
    path: inBatch ? `[${index}].from` : 'from',
    message: senderMessage(sender, allowed_senders),
  }));
  const detail = [...new Set(errors.map(({ message }) => message))].slice(0, maxNamed).join('; ');
  return new ApiError('invalid_from_address', `${detail}.`, inBatch ? { errors } : {});
}

/** Emails of a permissive batch that were left out. */
export function leftOut({ left_out: { senders, allowed_senders } }: AcceptedAs<'stored'>) {
  return senders.map(({ index, sender }: RefusedSender) => ({
    index,
    message: `${senderMessage(sender, allowed_senders)}.`,
  }));
}

function senderMessage(sender: string, allowed: string[]): string {
  const more = allowed.length > maxNamed ? ' and others' : '';
  return `This client may not send from ${sender}, only from ${allowed.slice(0, maxNamed).join(', ')}${more}`;
}

interface Limited {
  by: LimitName;
  /** Emails. */
  cost: number;
  retry_after_s: number;
  limits: RateLimits;
}

/**
 * Takes from a client's limits what a change of emails costs, as many emails as it changes. Returns the headers of the answer. Throws the
 * error of a limit that is used up: the transaction, and with it the change, is rolled back then.
 */
export async function countInLimits(
  transaction: Query,
  clientId: string,
  cost: number,
): Promise<Record<string, string>> {
  const taken = await takeFromLimits(transaction, clientId, cost);
  if (taken === undefined) return {};
  const { refused, retry_after_s, limits } = taken;
  if (refused !== null) throw limitedError({ by: refused, cost, retry_after_s, limits });
  return rateLimitHeaders(limits);
}

/** `rate_limit_exceeded` or `daily_quota_exceeded`, with `Retry-After` (RFC 9110 §10.2.3) in seconds. */
export function limitedError({ by, cost, retry_after_s, limits }: Limited): ApiError {
  const { rate, daily_quota } = limits;
  const headers = {
    'retry-after': String(retry_after_s),
    ...rateLimitHeaders(limits, by),
  };
  switch (by) {
    case 'rate':
      return new ApiError(
        'rate_limit_exceeded',
        `This client may hand in ${rate?.limit} emails a second. Try again in ${retry_after_s} s.`,
        { headers },
      );
    case 'quota':
      return new ApiError(
        'daily_quota_exceeded',
        `This client may hand in ${daily_quota?.limit} emails a day; ${daily_quota?.remaining} are left, and the request has ${cost}. The next day begins at 00:00 UTC.`,
        { headers },
      );
  }
}
