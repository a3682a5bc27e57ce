import { describe, expect, it } from 'vitest';
import type { Caller } from '../../../lib/auth/caller.ts';
import { rightsOf } from './rights.ts';

const now = new Date('2026-01-31T12:00:00Z');
const soon = new Date('2026-02-01T12:00:00Z');
const later = new Date('2026-03-01T12:00:00Z');

const token = (scopes: string[]): Caller => ({ clientId: 'a', scopes, allowedSenders: null });
const key = (scopes: string[], allowedSenders: string[] | null, expiresAt: Date | null): Caller => ({
  clientId: 'a',
  scopes,
  allowedSenders,
  key: { id: 'k', expiresAt },
});
const all = token(['basic', 'email']);
const small = key(['basic', 'email'], ['b.test', '*.c.test'], soon);
const full = { name: 'n', permission: 'full_access' } as const;
const sending = { name: 'n', permission: 'sending_access' } as const;

describe('a new key may', () => {
  it.each([
    ['all of a token', full, all, { scopes: ['basic', 'email'], allowed_senders: null, expires_at: null }],
    [
      'what a smaller token may',
      full,
      token(['email']),
      { scopes: ['email'], allowed_senders: null, expires_at: null },
    ],
    ['send, of email', sending, all, { scopes: ['emails:send'], allowed_senders: null, expires_at: null }],
    [
      'what the key that makes it may, until that ends',
      full,
      small,
      { scopes: ['basic', 'email'], allowed_senders: ['b.test', '*.c.test'], expires_at: soon },
    ],
    [
      'less than the key that makes it',
      { ...full, scopes: ['emails:send' as const], allowed_senders: ['x@b.test', 'd.c.test'], expires_at: soon },
      small,
      { scopes: ['emails:send'], allowed_senders: ['x@b.test', 'd.c.test'], expires_at: soon },
    ],
    [
      'send from one domain',
      { ...sending, domain_id: 'b.test' },
      all,
      { scopes: ['emails:send'], allowed_senders: ['b.test'], expires_at: null },
    ],
    ['end later than now', { ...full, expires_at: later }, all, expect.objectContaining({ expires_at: later })],
  ])('%s', (_what, asked, caller, expected) => {
    expect(rightsOf(asked, caller, null, now)).toEqual(expected);
  });
});

describe('a new key may not', () => {
  it.each([
    [
      'have a scope that its maker has not',
      { ...full, scopes: ['basic' as const] },
      token(['email']),
      null,
      'insufficient_scope',
    ],
    [
      'have email of a key for sending',
      { ...full, scopes: ['email' as const] },
      key(['emails:send'], null, null),
      null,
      'insufficient_scope',
    ],
    ['send where its maker only reads', sending, token(['basic']), null, 'insufficient_scope'],
    ['send from another domain than its maker', { ...full, domain_id: 'x.test' }, small, null, 'invalid_from_address'],
    ['send from a domain above', { ...full, allowed_senders: ['c.test'] }, small, null, 'invalid_from_address'],
    [
      'send from subdomains of a domain',
      { ...full, allowed_senders: ['*.b.test'] },
      small,
      null,
      'invalid_from_address',
    ],
    ['send from what its client may not', { ...full, domain_id: 'x.test' }, all, ['b.test'], 'invalid_from_address'],
    ['outlive its maker', { ...full, expires_at: later }, small, null, 'validation_error'],
    ['end before it begins', { ...full, expires_at: now }, all, null, 'validation_error'],
    ['be told twice what it may', { ...sending, scopes: ['basic' as const] }, all, null, 'validation_error'],
    [
      'be told twice whom it may send from',
      { ...full, domain_id: 'b.test', allowed_senders: ['b.test'] },
      all,
      null,
      'validation_error',
    ],
  ])('%s', (_what, asked, caller, clientSenders, code) => {
    expect(() => rightsOf(asked, caller, clientSenders, now)).toThrow(expect.objectContaining({ code }));
  });
});
