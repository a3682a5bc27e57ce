// `Prefer: wait=N` (RFC 7240 §4.3): reads how long a client waits for the outcome, and waits.
import { setTimeout } from 'node:timers/promises';
import { headerWithin } from '../../lib/http/size-limits.ts';
import type { EmailStatus } from '../../lib/store/emails/email.ts';

/** Longest wait: less than gateways commonly allow a request. */
const maxSeconds = 30;
/** Characters of the header; a longer one asks for nothing. */
const maxHeader = 1_000;
/** First pause between two reads of the row; each later one is longer, up to the longest. */
const firstPauseMs = 20;
const lastPauseMs = 250;

export interface EmailState {
  status: EmailStatus;
  /** True at an end. */
  finished: boolean;
  attempts: number;
  last_reply: string | null;
}

/** Milliseconds that a `Prefer` header asks to wait, at most 30 s; 0 if it asks for nothing. A preference that makes no sense is ignored, as the RFC says. */
export function parseWait(header: string | string[] | undefined): number {
  for (const preference of (headerWithin(header, maxHeader) ?? '').split(',')) {
    const [whole = ''] = preference.split(';', 1);
    const [name, value, ...others] = whole.split('=').map((part) => part.trim());
    if (name?.toLowerCase() !== 'wait' || value === undefined || others.length > 0) continue;
    const [, quoted, bare] = /^(?:"(\d{1,9})"|(\d{1,9}))$/.exec(value) ?? [];
    const seconds = quoted ?? bare;
    if (seconds !== undefined) return Math.min(Number(seconds), maxSeconds) * 1000;
  }
  return 0;
}

/**
 * Resolves with the email's state when it has reached its end, or when `waitMs` have passed or `stopping` aborts: then with
 * the state as it is. Undefined when the database cannot tell; the email is accepted all the same.
 */
export async function waitForOutcome(
  id: string,
  waitMs: number,
  readStatus: (id: string) => Promise<EmailState | undefined>,
  stopping: AbortSignal,
): Promise<EmailState | undefined> {
  const deadline = performance.now() + waitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
    const state = await readStatus(id).catch(() => undefined);
    const leftMs = deadline - performance.now();
    if (state?.finished || leftMs <= 0 || stopping.aborted) return state;
    await setTimeout(Math.min(pauseMs, leftMs), undefined, { signal: stopping }).catch(() => {});
  }
}
