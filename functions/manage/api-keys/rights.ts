// What a new API key may do: never more than who makes it. Pure.
import type * as v from 'valibot';
import type { Caller } from '../../../lib/auth/caller.ts';
import { challenge } from '../../../lib/auth/challenge.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import { invalidBody } from '../../../lib/http/request-body.ts';
import { coversSender } from '../../../lib/mail/sender.ts';
import { keyScopes } from '../../../lib/store/api-keys/api-keys.ts';
import type { CreateKeyRequest } from './key-request.ts';

type Asked = v.InferOutput<typeof CreateKeyRequest>;

export interface Rights {
  scopes: string[];
  allowed_senders: string[] | null;
  expires_at: Date | null;
}

/**
 * `clientSenders` is whom the client may send from; null: anybody. Throws `insufficient_scope` or `invalid_from_address` (403) for more
 * than the caller has, `validation_error` (422) for a time that is past or later than its own end, or for what is said twice.
 */
export function rightsOf(asked: Asked, caller: Caller, clientSenders: readonly string[] | null, now: Date): Rights {
  return {
    scopes: scopesOf(asked, caller),
    allowed_senders: sendersOf(asked, caller, clientSenders),
    expires_at: endOf(asked, caller, now),
  };
}

function scopesOf({ scopes, permission }: Asked, caller: Caller): string[] {
  if (scopes !== undefined && permission === 'sending_access')
    throw invalidBody([{ path: 'permission', message: 'must not be given together with scopes' }]);
  const wanted: readonly string[] = scopes ?? (permission === 'sending_access' ? ['emails:send'] : caller.scopes);
  const has = (scope: string) =>
    caller.scopes.includes(scope) || (scope === 'emails:send' && caller.scopes.includes('email'));
  const missing = wanted.find((scope) => !has(scope));
  if (missing !== undefined) {
    throw new ApiError('insufficient_scope', `You may not give the scope "${missing}": you do not have it.`, {
      headers: challenge({ error: 'insufficient_scope', scope: missing }),
    });
  }
  return keyScopes.filter((scope) => wanted.includes(scope));
}

function sendersOf(
  { domain_id, allowed_senders }: Asked,
  caller: Caller,
  clientSenders: readonly string[] | null,
): string[] | null {
  if (domain_id !== undefined && allowed_senders !== undefined)
    throw invalidBody([{ path: 'domain_id', message: 'must not be given together with allowed_senders' }]);
  const wanted = domain_id === undefined ? allowed_senders : [domain_id];
  if (wanted === undefined) return caller.allowedSenders && [...caller.allowedSenders];
  for (const own of [clientSenders, caller.allowedSenders]) {
    const beyond = own && wanted.find((sender) => !coversSender(own, sender));
    if (beyond) throw new ApiError('invalid_from_address', `You may not let a key send from ${beyond}.`);
  }
  return [...new Set(wanted)];
}

function endOf({ expires_at }: Asked, { key }: Caller, now: Date): Date | null {
  const own = key?.expiresAt ?? null;
  if (expires_at === undefined) return own;
  if (expires_at <= now) throw invalidBody([{ path: 'expires_at', message: 'must be in the future' }]);
  if (own !== null && expires_at > own)
    throw invalidBody([{ path: 'expires_at', message: 'must not be later than the end of the key that makes it' }]);
  return expires_at;
}
