// Table: evidence and what the judge must say of it, so that the harness cannot pass what it should not.
import { describe, expect, it } from 'vitest';
import type { Arrival } from './smtp-protocol.ts';
import { type Evidence, judge, type Row } from './verdict.ts';

const row = (overrides: Partial<Row> = {}): Row => ({
  ...{ id: 'id-1', marker: 'm1', status: 'sent', attempts: 1, recorded: 1, last_reply: null },
  ...overrides,
});
const delivery = (overrides: Partial<Arrival> = {}): Arrival => ({
  ...{ marker: 'm1', at: 1_000, replied: true, closedAt: 9_000 },
  ...overrides,
});
const evidence = (overrides: Partial<Evidence>): Evidence => ({
  accepted: new Map([['id-1', 'm1']]),
  maybe: new Set(),
  rows: [row()],
  smtp: { deliveries: [delivery()], refused: [] },
  kills: [],
  startedAt: 0,
  delivery: 'at_least_once',
  gap: undefined,
  bounces: false,
  ...overrides,
});
const twice = (first: Partial<Arrival>) => ({
  deliveries: [delivery(first), delivery({ at: 5_000 })],
  refused: [],
});
const kill = { name: 'consume', at: 1_010 } as const;
const cut = { at: 1_000, closedAt: 1_020 };

describe('holds', () => {
  it.each<[string, Partial<Evidence>]>([
    ['accepted, delivered once', {}],
    ['stored, but the client was not told', { accepted: new Map(), maybe: new Set(['m1']) }],
    [
      'neither told nor stored',
      { accepted: new Map(), maybe: new Set(['m1']), rows: [], smtp: { deliveries: [], refused: [] } },
    ],
    [
      'unknown under at_most_once, not delivered',
      { delivery: 'at_most_once', rows: [row({ status: 'unknown' })], smtp: { deliveries: [], refused: [] } },
    ],
    ['unknown under at_most_once, delivered', { delivery: 'at_most_once', rows: [row({ status: 'unknown' })] }],
    [
      'refused for good, where that is the fault',
      { bounces: true, rows: [row({ status: 'bounced' })], smtp: { deliveries: [], refused: ['m1'] } },
    ],
    ['doubled, as the first got no reply', { gap: 'unbounded', smtp: twice({ replied: false }) }],
    [
      'doubled, as its worker was killed with the reply in its hands',
      { gap: { perKill: 1 }, kills: [kill], rows: [row({ attempts: 2 })], smtp: twice(cut) },
    ],
    [
      'doubled, as its worker was killed and took long to be gone on a busy machine',
      {
        gap: { perKill: 1 },
        kills: [{ ...kill, until: 31_000 }],
        rows: [row({ attempts: 2 })],
        smtp: twice({ at: 30_000, closedAt: 30_900 }),
      },
    ],
  ])('%s', (_, overrides) => {
    expect(judge(evidence(overrides)).complaints).toEqual([]);
  });
});

describe('is broken', () => {
  const nothing = { deliveries: [], refused: [] };
  it.each<[string, Partial<Evidence>, string]>([
    ['no row', { rows: [], smtp: nothing }, 'lost'],
    ['sent, but never delivered', { smtp: nothing }, 'lost'],
    ['not at its end', { rows: [row({ status: 'queued' })] }, 'lost'],
    ['given up', { rows: [row({ status: 'failed' })], smtp: nothing }, 'lost'],
    ['bounced, though nobody refused it', { bounces: true, rows: [row({ status: 'bounced' })], smtp: nothing }, 'lost'],
    [
      'stored for a client that was not told, and not delivered',
      { accepted: new Map(), maybe: new Set(['m1']), smtp: nothing },
      'lost',
    ],
    ['unknown under at_least_once', { rows: [row({ status: 'unknown' })] }, 'unknown under at_least_once'],
    ['doubled for no reason', { gap: 'unbounded', smtp: twice({}) }, 'doubled without a reason'],
    [
      'doubled in a kill, though the reply was recorded',
      { gap: { perKill: 1 }, kills: [kill], rows: [row({ attempts: 2, recorded: 2 })], smtp: twice(cut) },
      'doubled without a reason',
    ],
    [
      'doubled long before the kill',
      { gap: { perKill: 1 }, kills: [{ ...kill, at: 60_000 }], rows: [row({ attempts: 2 })], smtp: twice(cut) },
      'doubled without a reason',
    ],
    [
      'doubled long after the kill, when its worker was gone',
      {
        gap: { perKill: 1 },
        kills: [{ ...kill, until: 2_000 }],
        rows: [row({ attempts: 2 })],
        smtp: twice({ at: 60_000, closedAt: 60_020 }),
      },
      'doubled without a reason',
    ],
    ['doubled in the gap where it is closed', { smtp: twice({ replied: false }) }, 'doubled where nothing may be'],
    [
      'doubled in the gap under at_most_once',
      { delivery: 'at_most_once', smtp: twice({ replied: false }) },
      'doubled under at_most_once',
    ],
    [
      'more doubled than the kills can explain',
      { gap: { perKill: 0 }, kills: [kill], rows: [row({ attempts: 2 })], smtp: twice(cut) },
      'more than were under way',
    ],
    ['a request that became two rows', { rows: [row(), row({ id: 'id-2' })] }, 'stored twice'],
    ['a row that nobody asked for', { rows: [row(), row({ id: 'id-2', marker: 'm2' })] }, 'rows nobody asked for'],
    [
      'a delivery without a row',
      { smtp: { deliveries: [delivery(), delivery({ marker: 'm2' })], refused: [] } },
      'deliveries without a row',
    ],
  ])('%s', (_, overrides, complaint) => {
    expect(judge(evidence(overrides)).complaints.join('\n')).toContain(complaint);
  });
});

it('counts, and measures the longest time without a delivery', () => {
  const verdict = judge(
    evidence({ smtp: { deliveries: [delivery({ at: 300 }), delivery({ at: 2_000, replied: false })], refused: [] } }),
  );
  expect(verdict).toMatchObject({ accepted: 1, once: 0, doubled: 1, inGap: 1, lost: 0, stallMs: 1_700 });
});
