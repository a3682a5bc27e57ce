// Retention: deletes old rows, in batches so small that nobody has to wait for one.
import { setTimeout } from 'node:timers/promises';
import { clockToleranceSeconds } from '../../lib/auth/access-token.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Query, Sql } from '../../lib/store/database.ts';
import { purgeContents, purgeEmails, purgeIdempotencyKeys } from '../../lib/store/emails/purge.ts';
import { purgeRevokedTokens } from '../../lib/store/tokens/revoked-tokens.ts';
import { purgeDeliveries } from '../../lib/store/webhooks/due.ts';

/** How long emails and contents are kept after the email's end; 0: for ever. */
export interface PurgePolicy {
  contentsAfterMs: number;
  emailsAfterMs: number;
}

export interface PurgeDependencies {
  sql: Sql;
  policy: PurgePolicy;
  log: Log;
}

/** Rows deleted, by what they were. */
export interface Purged {
  contents: number;
  emails: number;
  webhook_deliveries: number;
  idempotency_keys: number;
  revoked_tokens: number;
}

/** Most rows of one statement. */
export const purgeLimit = 500;
/** How long the API promises that a repeated request takes effect once. */
const idempotencyKeysAfterMs = 24 * 3_600_000;
/** A function whose clock is behind accepts a token for this long after its expiry. */
const revokedTokensAfterMs = clockToleranceSeconds * 1000;

type Purge = (sql: Query, ageMs: number, limit: number) => Promise<number>;

/** One round: purges each kind until none is left or `signal` aborts. Any number may run at once: each locks its own rows. */
export async function purgeOnce({ sql, policy, log }: PurgeDependencies, signal: AbortSignal): Promise<Purged> {
  async function all(purge: Purge, ageMs: number): Promise<number> {
    let purged = 0;
    for (let full = true; full && !signal.aborted; ) {
      const count = await purge(sql, ageMs, purgeLimit);
      purged += count;
      full = count === purgeLimit;
    }
    return purged;
  }
  const unlessForEver = (purge: Purge, ageMs: number) => (ageMs === 0 ? 0 : all(purge, ageMs));

  const purged = {
    contents: await unlessForEver(purgeContents, policy.contentsAfterMs),
    emails: await unlessForEver(purgeEmails, policy.emailsAfterMs),
    // Kept as long as their email can be replayed.
    webhook_deliveries: await unlessForEver(purgeDeliveries, policy.contentsAfterMs),
    idempotency_keys: await all(purgeIdempotencyKeys, idempotencyKeysAfterMs),
    revoked_tokens: await all(purgeRevokedTokens, revokedTokensAfterMs),
  };
  if (Object.values(purged).some((count) => count > 0)) log.info('purged', purged);
  return purged;
}

/** Rounds until `signal` aborts. Resolves after the last one. */
export async function runPurge(
  dependencies: PurgeDependencies,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await purgeOnce(dependencies, signal).catch((error) =>
      dependencies.log.warn('purge failed', { reason: error instanceof Error ? error.message : error }),
    );
    await setTimeout(intervalMs, undefined, { signal }).catch(() => {});
  }
}
