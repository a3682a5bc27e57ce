// Checks API keys: one read of the key and its client for each group of requests, so that what is revoked, expired or disabled ends at once.
import { LRUCache } from 'lru-cache';
import { ApiError } from '../http/errors.ts';
import { createBatcher } from '../process/batch.ts';
import { type FoundKey, findApiKeys, noteKeyUse } from '../store/api-keys/check.ts';
import { isDatabaseUnavailable, type Sql } from '../store/database.ts';
import { hashOfKey, isKeyForm } from './api-key.ts';
import type { Caller } from './caller.ts';
import { challenge } from './challenge.ts';
import { createGuessLimit } from './guess-limit.ts';

/** Keys that were good lately, by their hash: they wait for no stranger's guesses. */
const mostKnown = 2_000;
const knownMs = 86_400_000;
/** Keys that are none, by their hash. Not for long: a standby may not have a new key yet. */
const mostUnknown = 10_000;
const unknownMs = 10_000;
/** A use that could not be noted is noted with one of the next minute. */
const noteAgainMs = 60_000;

/** Says whose key it is. Throws `invalid_api_key` (403), or `rate_limit_exceeded` (429) for a network that makes keys up. */
export function createKeyCheck(sql: Sql): (key: string, network: () => string) => Promise<Caller> {
  const find = createBatcher((hashes: string[]) => findApiKeys(sql, hashes), {
    maxItems: 500,
    failsAll: isDatabaseUnavailable,
  });
  const findNew = createBatcher((hashes: string[]) => findApiKeys(sql, hashes), {
    maxItems: 100,
    failsAll: isDatabaseUnavailable,
  });
  const writeUse = createBatcher((ids: string[]) => noteKeyUse(sql, ids).then(() => ids), {
    maxItems: 500,
    failsAll: () => true,
  });
  const known = new LRUCache<string, true>({ max: mostKnown, ttl: knownMs });
  const unknown = new LRUCache<string, true>({ max: mostUnknown, ttl: unknownMs });
  const noted = new LRUCache<string, true>({ max: mostKnown, ttl: noteAgainMs });
  const guesses = createGuessLimit();

  async function findUnproven(hash: string, network: string): Promise<FoundKey | undefined> {
    if (!guesses.take(network)) throw tooManyGuesses();
    const found = await findNew(hash);
    if (found !== undefined) guesses.giveBack(network);
    return found;
  }

  /** Nobody waits for it. */
  function noteUse({ id, is_noted }: FoundKey): void {
    if (is_noted || noted.has(id)) return;
    noted.set(id, true);
    writeUse(id).catch(() => {});
  }

  return async (key, network) => {
    if (!isKeyForm(key))
      throw invalidKey('The API key does not have the form of one: it was cut off, or is something else.');
    const hash = hashOfKey(key);
    if (unknown.has(hash)) throw unknownKey();
    const isKnown = known.get(hash) === true;
    const found = isKnown ? await find(hash) : await findUnproven(hash, network());
    if (found === undefined) {
      known.delete(hash);
      unknown.set(hash, true);
      throw unknownKey();
    }
    if (found.has_expired) throw invalidKey('The API key has expired.');
    if (found.is_disabled) throw invalidKey('The client of the API key is disabled.');
    if (!isKnown) known.set(hash, true);
    noteUse(found);
    return toCaller(found);
  };
}

/** Of what the key has, what its client still has. */
function toCaller({ id, client_id, scopes, client_scopes, allowed_senders, expires_at }: FoundKey): Caller {
  const has = (scope: string) => client_scopes.includes(scope === 'emails:send' ? 'email' : scope);
  return {
    clientId: client_id,
    scopes: scopes.filter(has),
    allowedSenders: allowed_senders,
    key: { id, expiresAt: expires_at },
  };
}

function invalidKey(message: string): ApiError {
  return new ApiError('invalid_api_key', message, {
    headers: challenge({ error: 'invalid_token', error_description: message }),
  });
}

function unknownKey(): ApiError {
  return invalidKey('There is no such API key: it was mistyped, or has been revoked.');
}

function tooManyGuesses(): ApiError {
  return new ApiError('rate_limit_exceeded', 'Too many unknown API keys come from your network. Try again in 1 s.', {
    headers: { 'retry-after': '1' },
  });
}
