// What a provider's events are to us: a call that proves itself by the provider's own scheme, and the evidence that is in it.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../../../lib/http/errors.ts';
import { headerWithin } from '../../../lib/http/size-limits.ts';
import type { Evidence } from '../evidence.ts';

export const providerNames = ['ses', 'postmark', 'mailgun', 'sendgrid', 'resend'] as const;
export type ProviderName = (typeof providerNames)[number];

/** A call as it came: signatures are of these bytes. */
export interface EventCall {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Resolves with what the events say. Rejects with an `EventRefusal` where the call does not prove itself, before anything is made of it. */
export type Provider = (call: EventCall) => Promise<readonly Evidence[]>;

/** Why a call was refused. */
export type RefusedEvent = 'signature' | 'too_old' | 'topic' | 'replayed';

export class EventRefusal extends ApiError {
  readonly reason: RefusedEvent;

  constructor(reason: RefusedEvent, message: string) {
    super('invalid_signature', message);
    this.reason = reason;
  }
}

export function badSignature(): EventRefusal {
  return new EventRefusal('signature', 'The signature is missing, or it is not of this body.');
}

/** Clocks may differ by so much. */
const mostAheadMs = 300_000;

/** Throws where a signature is of another time: `at` and `now` in ms. */
export function checkAge(at: number, now: number, mostAgeMs: number): void {
  if (at >= now - mostAgeMs && at <= now + mostAheadMs) return;
  throw new EventRefusal('too_old', 'The signature is too old, or of the future.');
}

/** A time in whole seconds, in ms; NaN, which is of no age, for what is none. */
export function secondsToMs(text: string): number {
  return /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Number.NaN;
}

/** A header that is there and not longer than anybody has a reason to make it. */
export function headerOf({ headers }: EventCall, name: string, max = 1_000): string | undefined {
  return headerWithin(headers[name], max);
}

/** Tells nothing of a secret by the time that it takes, its length neither. */
export function isSame(one: string | Buffer, other: string | Buffer): boolean {
  const digest = (given: string | Buffer) => createHash('sha256').update(given).digest();
  return timingSafeEqual(digest(one), digest(other));
}
