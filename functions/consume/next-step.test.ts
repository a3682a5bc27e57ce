import { describe, expect, it } from 'vitest';
import { parseReply, type SmtpReply } from '../../lib/mail/smtp-reply.ts';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';
import { backoff, type RetryPolicy } from './backoff.ts';
import { handBackForLater, nextStep, relaysAway } from './next-step.ts';
import { classify } from './outcome.ts';

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
  ended: null,
  headers: { from: { email: 'a@example.com' }, to: [], cc: [], bcc: [], reply_to: [] },
  custom_headers: {},
  attachments: [],
  content_bytes: 2,
  text_body: '',
  html_body: null,
  ...over,
});
const refusedWith = (text: string) =>
  classify({ ended: 'refused', stage: 'data', reply: parseReply(text) as SmtpReply, refused: new Map() }, [
    'b@example.com',
  ]);
const lost = (transmitted: boolean) =>
  classify({ ended: 'lost', stage: 'data', transmitted, timed_out: false, reason: 'gone', refused: new Map() }, [
    'b@example.com',
  ]);
const unknown = lost(true);
const sent = classify({ ended: 'accepted', reply: parseReply('250 2.0.0 ok') as SmtpReply, refused: new Map() }, [
  'b@example.com',
]);
const step = (outcome: typeof sent, over: Partial<ClaimedEmail> = {}) =>
  nextStep(email(over), [{ relay: 'smtp.example.test:25', ms: 5, outcome }], policy, 0);

describe('nextStep', () => {
  it.each<[string, ReturnType<typeof step>, string, number | null]>([
    ['sent', step(sent), 'sent', null],
    ['bounced', step(refusedWith('550 5.1.1 no')), 'bounced', null],
    ['deferred', step(refusedWith('450 4.2.0 later')), 'deferred', 30_000],
    [
      'deferred for the fourth time',
      step(refusedWith('450 4.2.0 later'), { attempts: 4, wanted_for_ms: 240_000 }),
      'deferred',
      240_000,
    ],
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

  it.each(['552 5.3.4 too large', '553 5.6.7 no SMTPUTF8'])(
    '%s: waits for a relay that was only in trouble',
    (text) => {
      const [first, second] = [
        { relay: 'one:25', ms: 5, outcome: lost(false) },
        { relay: 'two:25', ms: 7, outcome: refusedWith(text) },
      ];
      expect(nextStep(email(), [first, second], policy, 0)).toMatchObject({ to: 'deferred', hard_bounces: [] });
      expect(nextStep(email(), [second], policy, 0)).toMatchObject({ to: 'bounced', hard_bounces: [] });
      expect(nextStep(email(), [second, second], policy, 0)).toMatchObject({ to: 'bounced' });
    },
  );

  it('tells of every conversation, and is decided by the last', () => {
    const [first, second] = [
      { relay: 'one:25', ms: 5, outcome: lost(false) },
      { relay: 'two:25', ms: 7, outcome: sent },
    ];
    const move = nextStep(email(), [first, second], policy, 0);
    expect(move).toMatchObject({ to: 'sent', last_reply: '250 2.0.0 ok' });
    expect(move.facts.map(({ detail }) => detail)).toMatchObject([
      {
        attempt: 1,
        relay: 'one:25',
        ms: 5,
        outcome: 'deferred',
        category: 'connection',
        reply: 'gone',
        retryable: true,
      },
      { attempt: 1, relay: 'two:25', ms: 7, outcome: 'sent', category: 'accepted', code: 250, retryable: false },
    ]);
  });

  it.each<[string, ReturnType<typeof step>, boolean]>([
    ['deferred', step(refusedWith('450 4.2.0 later')), true],
    ['bounced', step(refusedWith('550 5.1.1 no')), false],
    ['unknown, at least once', step(unknown), true],
    ['unknown, at most once', step(unknown, { delivery: 'at_most_once' }), false],
  ])('%s: retryable', (_what, { facts }, retryable) => {
    expect(facts[0]?.detail).toMatchObject({ retryable });
  });

  it('says when it comes back, and why it has to', () => {
    const [event] = step(refusedWith('450 4.2.0 later')).events;
    expect(event).toMatchObject({ type: 'deferred', detail: { category: 'mailbox' } });
    const { next_attempt_at = '' } = (event?.detail ?? {}) as { next_attempt_at?: string };
    expect(new Date(next_attempt_at).toISOString()).toBe(next_attempt_at);
    expect(Math.abs(Date.parse(next_attempt_at) - Date.now() - 30_000)).toBeLessThan(25_000);
  });

  it('waits for the relays, as long as it may', () => {
    const away = relaysAway(email({ attempts: 9 }), 1_500, policy);
    expect(away).toMatchObject({ to: 'deferred', due_in_ms: 1_500, facts: [], last_reply: null });
    expect(away.events).toMatchObject([{ type: 'deferred', detail: { category: 'relays_away' } }]);
    expect(relaysAway(email({ expires_in_ms: 700 }), 1_500, policy).due_in_ms).toBe(700);
    expect(relaysAway(email({ wanted_for_ms: 86_400_000 }), 1_500, policy)).toMatchObject({
      to: 'failed',
      due_in_ms: null,
    });
  });

  it('names the recipients that will never take mail', () => {
    const refusedAtRcpt = (text: string) => {
      const reply = parseReply(text) as SmtpReply;
      const refused = new Map([['b@example.com', reply]]);
      return step(classify({ ended: 'refused', stage: 'envelope', reply, refused }, ['b@example.com'])).hard_bounces;
    };
    expect(refusedAtRcpt('550 5.1.1 no such user')).toEqual(['b@example.com']);
    expect(refusedAtRcpt('550 5.1.1 192.0.2.1 has sent to too many recipients this hour')).toEqual([]);
    expect(refusedAtRcpt('550 Authentication is required for relay')).toEqual([]);
    expect(step(refusedWith('550 5.1.1 no such user')).hard_bounces).toEqual(['b@example.com']);
    expect(step(refusedWith('550 no such user')).hard_bounces).toEqual([]);
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
    [0, 0, 30_000],
    [30_000, 0, 30_000],
    [60_000, 0, 60_000],
    [480_000, 0, 480_000],
    [86_000_000, 0, 3_600_000],
    [60_000, 1, 48_000],
  ])('at the age of %i ms, with random %f, waits %i ms', (ageMs, random, ms) => {
    expect(backoff(ageMs, policy, random)).toBe(ms);
  });
});

it.each<[string, Partial<ClaimedEmail>, number]>([
  ['a short while, where it is new', { wanted_for_ms: 100 }, 5_000],
  ['as long as it has waited', { wanted_for_ms: 20_000 }, 20_000],
  ['half a minute at most', { wanted_for_ms: 4_000_000 }, 30_000],
  ['as long as it may wait', { wanted_for_ms: 40_000, expires_in_ms: 9_000 }, 9_000],
  ['no time, where it has expired', { wanted_for_ms: 40_000, expires_in_ms: -1 }, 0],
])('a worker with enough long emails leaves one to others for %s', (_, over, due_in_ms) => {
  const transition = handBackForLater(email(over), 0);
  expect(handBackForLater(email(over), 1).due_in_ms).toBeLessThanOrEqual(due_in_ms);
  expect(transition).toMatchObject({ to: 'queued', by: 'release', due_in_ms });
  expect(transition.events).toEqual([{ type: 'queued', detail: { reason: 'worker_busy' } }]);
});
