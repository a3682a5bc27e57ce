// What the table of transitions allows, and that nothing else gets as far as the database.
import { describe, expect, it } from 'vitest';
import { emailStatuses } from './email.ts';
import { type Transition, transitionEmails } from './transition-emails.ts';
import { cancelableStatuses, replayableStatuses, ruleOf, transitions } from './transitions.ts';

const ends = ['sent', 'delivered', 'bounced', 'complained', 'failed', 'unknown', 'canceled', 'expired', 'suppressed'];
const isEnd = (status: string | null) => status !== null && ends.includes(status);

describe('the table', () => {
  it('has each change of one mover to one status once', () => {
    const changes = transitions.map(({ by, to }) => `${by} ${to}`);
    expect(new Set(changes).size).toBe(changes.length);
  });

  it('brings an email to every status, and on from every one but the ends', () => {
    expect(emailStatuses.filter((status) => !transitions.some(({ to }) => to === status))).toEqual([]);
    const left = transitions.flatMap(({ from }) => from);
    expect(emailStatuses.filter((status) => !isEnd(status) && !left.includes(status))).toEqual([]);
  });

  it('has one way out of the ends: a replay; a report leads from one to another, and only forward', () => {
    const ways = transitions.filter(({ from }) => from.some(isEnd));
    const replays = ways.filter(({ by }) => by !== 'report');
    expect(replays.map(({ by }) => by)).toEqual(['replay']);
    expect(replays.flatMap(({ from }) => from)).toEqual(replayableStatuses);
    const forward = ['queued', 'deferred', 'unknown', 'sent', 'delivered', 'bounced', 'complained'];
    for (const { from, to } of transitions.filter(({ by }) => by === 'report')) {
      expect(isEnd(to)).toBe(true);
      expect(from).toEqual(forward.slice(0, from.length));
      expect(forward.indexOf(to)).toBeGreaterThanOrEqual(from.length);
    }
  });

  it('lets clients cancel what waits', () => {
    expect(cancelableStatuses).toEqual(['scheduled', 'queued', 'deferred']);
    expect(ruleOf('erase', 'canceled').from).toEqual(cancelableStatuses);
  });
});

describe('a transition that is not in the table', () => {
  /** Whoever gets as far as SQL fails otherwise. */
  const sql = (() => Promise.reject(new Error('got to the database'))) as never;
  const sent: Transition = {
    ...{ id: '01890000-0000-7000-8000-000000000001', attempts: 1, due_in_ms: null, settled: {}, last_reply: null },
    ...{ by: 'attempt', to: 'sent', events: [{ type: 'sent', detail: {} }], facts: [] },
  };
  const write = (changed: object) => transitionEmails(sql, [{ ...sent, ...changed } as Transition]);

  it('is not written', async () => {
    await expect(write({})).rejects.toThrow('got to the database');
    await expect(write({ from: ['queued'] })).rejects.toThrow('got to the database');
    await expect(write({ by: 'cancel' })).rejects.toThrow('no transition of an email to sent by cancel');
    await expect(write({ from: ['deferred'] })).rejects.toThrow('from deferred to sent by attempt');
    await expect(write({ from: ['sending', 'scheduled'] })).rejects.toThrow('no transition');
  });

  it('nor is one without its event, or with another', async () => {
    await expect(write({ events: [] })).rejects.toThrow('is told by sent');
    await expect(write({ events: [{ type: 'bounced', detail: {} }] })).rejects.toThrow('is told by sent');
    await expect(write({ events: [...sent.events, ...sent.events] })).rejects.toThrow('is told by sent');
  });
});
