import { describe, expect, it } from 'vitest';
import type { EndpointReport } from '../../lib/store/webhooks/health.ts';
import { endDisabled, mergeReports, nextStep } from './next-step.ts';
import type { Posted } from './post.ts';

const delivery = { id: 'd', webhook_id: 'w', attempts: 1, wanted_for_ms: 0 };
const waits = [5_000, 300_000];
const step = (posted: Posted, wanted_for_ms = 0) => nextStep({ ...delivery, wanted_for_ms }, posted, 10, waits, 0);
const answer = (status: number, retryAfter?: string): Posted => ({ status, retryAfter });

describe('nextStep', () => {
  it.each([200, 201, 204, 299])('%i is success', (status) => {
    expect(step(answer(status))).toMatchObject({
      outcome: { status: 'delivered', due_in_ms: null, status_code: status, reason: null },
      report: { succeeded: true, failed: false },
    });
  });

  it.each<[string, Posted, number | null, number, number | null]>([
    ['an error of the endpoint', answer(500), 500, 5_000, null],
    ['a redirect', answer(302), 302, 5_000, null],
    ['nothing but a promise', answer(101), 101, 5_000, null],
    ['a refusal', answer(404), 404, 5_000, null],
    ['no answer', { reason: 'no answer (ECONNREFUSED)' }, null, 5_000, null],
    ['too many requests', answer(429, '60'), 429, 60_000, 60_000],
    ['unavailable', answer(503, '1'), 503, 5_000, 1_000],
    ['unavailable for years', answer(503, '999999999'), 503, 86_400_000, 86_400_000],
  ])('%s is tried again', (_what, posted, code, wait, quiet) => {
    expect(step(posted)).toMatchObject({
      outcome: { status: 'pending', due_in_ms: wait, status_code: code, reason: expect.any(String) },
      report: { failed: true, gone: false, quiet_ms: quiet, gave_up_after_ms: null },
    });
  });

  it('410 ends it, and the endpoint', () => {
    expect(step(answer(410))).toMatchObject({ outcome: { status: 'failed', due_in_ms: null }, report: { gone: true } });
  });

  it('after the last wait it has failed', () => {
    expect(step(answer(500), 305_000)).toMatchObject({
      outcome: { status: 'failed', due_in_ms: null, reason: 'it answered 500' },
      report: { gave_up_after_ms: 305_010 },
    });
  });

  it('nobody is asked where the endpoint is disabled, and nothing said about it', () => {
    expect(endDisabled(delivery)).toMatchObject({ outcome: { status: 'failed' }, report: undefined });
  });
});

it('mergeReports makes one of each endpoint’s', () => {
  const report = (over: Partial<EndpointReport>): EndpointReport => ({
    ...{ webhook_id: 'w', succeeded: false, failed: false, quiet_ms: null, gone: false, gave_up_after_ms: null },
    ...over,
  });
  const reports = [
    report({ succeeded: true }),
    report({ failed: true, quiet_ms: 5 }),
    report({ webhook_id: 'v', gone: true }),
    report({ failed: true, quiet_ms: 9, gave_up_after_ms: 3 }),
  ];
  expect(mergeReports(reports)).toEqual([
    report({ succeeded: true, failed: true, quiet_ms: 9, gave_up_after_ms: 3 }),
    report({ webhook_id: 'v', gone: true }),
  ]);
});
