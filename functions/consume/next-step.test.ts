import { describe, expect, it } from 'vitest';
import type { ClaimedEmail } from '../../lib/emails/claim.ts';
import { backoff, type RetryPolicy } from './backoff.ts';
import { nextStep } from './next-step.ts';
import { classify, parseReply, type SmtpReply } from './outcome.ts';

const policy: RetryPolicy = { baseMs: 30_000, maxMs: 3_600_000, giveUpAfterMs: 86_400_000 };
const email = (over: Partial<ClaimedEmail> = {}): ClaimedEmail => ({
  id: '01890000-0000-7000-8000-000000000000',
  client_id: 'c',
  delivery: 'at_least_once',
  sender: 'a@example.com',
  recipients: ['b@example.com'],
  subject: 's',
  message_id: '<x@example.com>',
  attempts: 1,
  lane: 'transactional',
  wanted_for_ms: 1_000,
  expires_in_ms: null,
  traceparent: null,
  accepted_at: new Date(),
  settled: {},
  headers: { from: { email: 'a@example.com' }, to: [], cc: [], bcc: [], reply_to: [] },
  custom_headers: {},
  attachments: [],
  text_body: '',
  html_body: null,
  ...over,
});
const refusedWith = (text: string) =>
  classify({ ended: 'refused', stage: 'data', reply: parseReply(text) as SmtpReply, refused: new Map() }, [
    'b@example.com',
  ]);
const unknown = classify({ ended: 'lost', stage: 'data', transmitted: true, reason: 'gone' }, ['b@example.com']);
const sent = classify({ ended: 'accepted', reply: parseReply('250 2.0.0 ok') as SmtpReply, refused: new Map() }, [
  'b@example.com',
]);
const step = (outcome: typeof sent, over: Partial<ClaimedEmail> = {}) =>
  nextStep(email(over), { relay: 'smtp.example.test:25', ms: 5, outcome }, policy, 0);

describe('nextStep', () => {
  it.each<[string, ReturnType<typeof step>, string, number | null]>([
    ['sent', step(sent), 'sent', null],
    ['bounced', step(refusedWith('550 5.1.1 no')), 'bounced', null],
    ['deferred', step(refusedWith('450 4.2.0 later')), 'deferred', 30_000],
    ['deferred for the fourth time', step(refusedWith('450 4.2.0 later'), { attempts: 4 }), 'deferred', 240_000],
    [
      'too old for another attempt',
      step(refusedWith('450 4.2.0 later'), { wanted_for_ms: 86_400_000 }),
      'failed',
      null,
    ],
    ['deferred beyond its expiry', step(refusedWith('450 4.2.0 later'), { expires_in_ms: 7_000 }), 'deferred', 7_000],
    ['unknown, at least once', step(unknown), 'deferred', 30_000],
    ['unknown, at most once', step(unknown, { delivery: 'at_most_once' }), 'unknown', null],
    [
      'the last one bounced, an earlier one was sent',
      step(refusedWith('550 5.1.1 no'), {
        settled: { 'x@example.com': { status: 'sent', code: 250, enhanced_code: null, reply: null } },
      }),
      'sent',
      null,
    ],
  ])('%s', (_what, move, to, due) => {
    expect(move).toMatchObject({ to, due_in_ms: due, attempts: expect.any(Number) });
    expect(move.facts).toHaveLength(1);
    expect(move.events.map(({ type }) => type)).toEqual([to]);
  });

  it('keeps what the relay said', () => {
    expect(step(refusedWith('550 5.1.1 no such user')).last_reply).toBe('550 5.1.1 no such user');
    expect(step(unknown).last_reply).toBe('gone');
    expect(step(sent).settled).toEqual({
      'b@example.com': { status: 'sent', code: 250, enhanced_code: '2.0.0', reply: 'ok' },
    });
  });
});

describe('backoff', () => {
  it.each([
    [1, 0, 30_000],
    [2, 0, 60_000],
    [5, 0, 480_000],
    [20, 0, 3_600_000],
    [2, 1, 48_000],
  ])('attempt %i with random %f waits %i ms', (attempt, random, ms) => {
    expect(backoff(attempt, policy, random)).toBe(ms);
  });
});
