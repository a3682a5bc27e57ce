// How wrong secrets are slowed: the policy, pure, and who counts as the same caller.
import { isIP } from 'node:net';

/** Checks in a row that have not come out right, and when the last of them began. */
export interface Failures {
  count: number;
  /** Milliseconds, as `Date.now()` gives them. */
  lastAt: number;
}

/** So many mistakes are free: a person who tries two old secrets, a deployment that is half rolled out. */
const freeFailures = 5;
const longestWaitMs = 60_000;
/**
 * A slowed caller's secret is tried this often all the same: who knows the right one gets in within seconds, though somebody behind
 * the same address goes on guessing. Whoever does not wait as told gains nothing: one guess a second finds no secret of 32 characters.
 */
const triedEveryMs = 1_000;
/** Failures older than this are forgotten. */
const memoryMs = 15 * 60_000;

/** Milliseconds to wait before the next check: none for the first 5 failures, then 1 s, doubling with each up to 60 s. */
export function waitMs(failures: Failures | undefined, now: number): number {
  if (failures === undefined || failures.count < freeFailures) return 0;
  const wait = Math.min(1000 * 2 ** (failures.count - freeFailures), longestWaitMs);
  return Math.max(0, failures.lastAt + wait - now);
}

/** Whether the caller must go without a check now. */
export function isSlowed(failures: Failures | undefined, now: number): boolean {
  return failures !== undefined && waitMs(failures, now) > 0 && now < failures.lastAt + triedEveryMs;
}

/** The failures once one more check has begun. */
export function withOneMore(failures: Failures | undefined, now: number): Failures {
  const isForgotten = failures === undefined || now - failures.lastAt > memoryMs;
  return { count: isForgotten ? 1 : failures.count + 1, lastAt: now };
}

/** The failures where a check that was counted did not begin after all. */
export function withOneLess({ count, lastAt }: Failures): Failures {
  return { count: count - 1, lastAt };
}

/** The part of an address that one caller cannot choose freely: all of IPv4, the /64 network of IPv6. Other text is one caller. */
export function callerNetwork(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return isIP(address) === 4 ? address : 'unknown';
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
