import { describe, expect, it } from 'vitest';
import type { DueEmail } from '../../lib/store/emails/due.ts';
import { dueStep } from './due-step.ts';

const policy = { publishGraceMs: 30_000, giveUpAfterMs: 86_400_000 };
const due = (over: Partial<DueEmail>): DueEmail => ({
  id: '01890000-0000-7000-8000-000000000000',
  client_id: 'c',
  status: 'queued',
  lane: 'transactional',
  delivery: 'at_least_once',
  attempts: 1,
  queued_for_ms: 1_000,
  wanted_for_ms: 1_000,
  expired: false,
  traceparent: null,
  data_started: false,
  ...over,
});

describe('dueStep', () => {
  it.each<[string, Partial<DueEmail>, string, number | null, object]>([
    ['a lost publish', { status: 'queued' }, 'queued', 30_000, { reason: 'not_claimed' }],
    ['a long queue', { status: 'queued', queued_for_ms: 600_000 }, 'queued', 600_000, { reason: 'not_claimed' }],
    ['a retry', { status: 'deferred' }, 'queued', 30_000, { reason: 'retry' }],
    ['a scheduled email', { status: 'scheduled' }, 'queued', 30_000, { reason: 'scheduled_time' }],
    ['a lost worker', { status: 'sending', data_started: true }, 'queued', 30_000, { reason: 'lease_expired' }],
    ['a lost worker, at most once, before DATA', { status: 'sending', delivery: 'at_most_once' }, 'queued', 30_000, {}],
    [
      'a lost worker, at most once, in DATA',
      { status: 'sending', delivery: 'at_most_once', data_started: true },
      'unknown',
      null,
      {},
    ],
    ['one that came too late', { status: 'queued', expired: true }, 'expired', null, {}],
    ['one that came too late, in mid-delivery', { status: 'sending', expired: true }, 'queued', 30_000, {}],
    ['workers that keep dying', { status: 'sending', wanted_for_ms: 86_400_000 }, 'failed', null, {}],
  ])('%s', (_what, email, to, dueInMs, detail) => {
    const move = dueStep(due(email), policy);
    expect(move).toMatchObject({ from: [email.status], to, due_in_ms: dueInMs, attempts: 1 });
    expect(move.events[0]?.detail).toMatchObject(detail);
  });
});
