// Every state that an email can reach, walked by everybody who may change one: none is a dead end.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertClient } from '../../lib/store/clients/clients.ts';
import type { Sql } from '../../lib/store/database.ts';
import { emailStatuses } from '../../lib/store/emails/email.ts';
import { type Mover, transitions } from '../../lib/store/emails/transitions.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { actors, apply, applyStaleWorker, canAct } from './state-actors.ts';
import {
  accept,
  clientId,
  everythingStored,
  nameOf,
  prepareStore,
  recipients,
  type State,
  type Statement,
} from './state-model.ts';

interface Step {
  from: State;
  by: string;
  /** When. */
  at: number;
  /** Undefined: the row is purged. */
  to: State | undefined;
}

/** One for each walker: most of the time of each is waiting. */
const databases: TestDatabase[] = [];
const walkers = 4;
const states = new Map<string, State>();
const steps: Step[] = [];
/** Changes of status, as the database saw them: by whom, from what, to what, with which event. */
const seen = new Set<string>();

/** Breadth first from what acceptance brings, until nobody can bring anything new. */
async function walk(): Promise<void> {
  const [first] = databases;
  const toVisit = first ? await accept(first.sql) : [];
  for (const state of toVisit) {
    states.set(nameOf(state), state);
    note(['accept'], state.statements);
  }
  await shareOut(toVisit, async (sql, from) => {
    for (const [by, actor] of Object.entries(actors)) {
      if (!canAct(actor, from)) continue;
      const at = Date.now();
      const to = await apply(sql, from, actor);
      steps.push({ from, by, at, to });
      note(actor.as ?? [], to?.statements ?? []);
      if (to === undefined || states.has(nameOf(to))) continue;
      states.set(nameOf(to), to);
      toVisit.push(to);
    }
  });
}

/** Has each state looked at by the walker that is free; more may come while they are at it. */
async function shareOut(toVisit: readonly State[], visit: (sql: Sql, state: State) => Promise<void>): Promise<void> {
  let next = 0;
  let visiting = 0;
  const visitAll = async ({ sql }: TestDatabase) => {
    while (next < toVisit.length || visiting > 0) {
      const state = toVisit[next];
      if (state === undefined) {
        // What the others find may be for this one.
        await pause(1);
        continue;
      }
      next += 1;
      visiting += 1;
      await visit(sql, state).finally(() => {
        visiting -= 1;
      });
    }
  };
  await Promise.all(databases.map(visitAll));
}

const told = (by: string, from: string | null, to: string, event: string | null) =>
  `${by}: ${from ?? 'new'} → ${to} (${event ?? 'no event'})`;
const allowed = new Set(
  transitions.flatMap(({ from, to, by, event }) => from.map((each) => told(by, each, to, event))),
);

function note(movers: readonly Mover[], statements: Statement[]): void {
  for (const { from, to, events, isByTrigger } of statements) {
    if (to === undefined || from === undefined) continue;
    // Attempts and single recipients have events of their own, beside that of the change.
    const event = events.filter((type) => type !== 'attempt' && (type !== 'suppressed' || to === type)).at(-1) ?? null;
    // Written, but not to change the status, as when a lease is renewed.
    if (from === to && event === null) continue;
    const mover = (isByTrigger ? (['report'] as const) : movers).find((by) => allowed.has(told(by, from, to, event)));
    seen.add(told(mover ?? `nobody (${movers})`, from, to, event));
  }
}

beforeAll(async () => {
  for (let made = 0; made < walkers; made += 1) databases.push(await createTestDatabase());
  for (const { sql } of databases) {
    await prepareStore(sql);
    await insertClient(sql, { client_id: clientId, scopes: ['email'], secret_hash: 'h' });
    // Before, dispatch takes no lease back.
    await sql`select pg_sleep(6 - extract(epoch from now() - pg_postmaster_start_time()))`;
  }
  await walk();
}, 900_000);
afterAll(async () => {
  for (const database of databases) await database.drop();
});

const isOpen = ({ row }: State) => row.finished_at === null;
const open = () => [...states.values()].filter(isOpen);
const names = (found: Iterable<State>) => [...found].map(nameOf);
const tell = ({ from, by, to }: Step) => `${nameOf(from)} —${by}→ ${to ? nameOf(to) : 'purged'}`;

/** Open states from which no end is reached by such steps alone. */
function deadEnds(isTaken: (step: Step) => boolean): string[] {
  const leading = new Set(names([...states.values()].filter((state) => !isOpen(state))));
  const taken = steps.filter(isTaken).map(({ from, to }) => [nameOf(from), to && nameOf(to)] as const);
  for (let before = -1; before < leading.size; ) {
    before = leading.size;
    for (const [from, to] of taken) if (to && leading.has(to)) leading.add(from);
  }
  return names(open()).filter((name) => !leading.has(name));
}

describe('every state that can be reached', () => {
  it('is walked: all statuses, and the steps that matter', () => {
    const seen = new Set([...states.values()].map(({ row }) => row.status));
    expect(emailStatuses.filter((status) => !seen.has(status))).toEqual([]);
    const changed = (by: string) =>
      steps.some((step) => step.by === by && (!step.to || nameOf(step.from) !== nameOf(step.to)));
    expect(Object.keys(actors).filter((by) => !changed(by))).toEqual(['the lease is renewed']);
  });

  it('is at its end, or has due_at', () => {
    const stuck = [...states.values()].filter(({ row }) => (row.due_at === null) === (row.finished_at === null));
    expect(names(stuck)).toEqual([]);
  });

  it('is led on by dispatch, unless it is at its end', () => {
    const looks = steps.filter(({ from, by }) => by === 'dispatch looks' && isOpen(from));
    expect(looks).toHaveLength(open().length);
    const isLedOn = ({ at, to }: Step) =>
      to && (!isOpen(to) || (to.row.status === 'queued' && Date.parse(to.row.due_at ?? '') > at));
    expect(looks.filter((step) => !isLedOn(step)).map(tell)).toEqual([]);
  });

  it('comes to an end by dispatch and workers alone', () => {
    expect(deadEnds(({ by }) => actors[by]?.kind === 'machine')).toEqual([]);
  });

  it('comes to an end even if no SMTP relay ever answers', () => {
    for (const attempt of ['the attempt is lost before DATA', 'no SMTP relay may be asked']) {
      const uses = ['dispatch looks', 'a worker claims', attempt, 'it grows old'];
      // These workers live, and keep their leases.
      expect(deadEnds(({ by, from }) => uses.includes(by) && !(by === 'dispatch looks' && from.claim))).toEqual([]);
    }
  });

  it('comes to an end even if every worker dies', () => {
    const uses = ['dispatch looks', 'a worker claims', 'the worker dies', 'it grows old'];
    expect(deadEnds(({ by }) => uses.includes(by))).toEqual([]);
  });
});

describe('the transitions that are seen', () => {
  it('are those of the table: none is missing there, none is never used', () => {
    expect([...seen].sort()).toEqual([...allowed].sort());
  });
});

describe('an end', () => {
  it('is left by a replay alone, or moved on to another end by a report', () => {
    const left = steps.filter(({ from, to }) => !isOpen(from) && to && to.row.status !== from.row.status);
    const replays = left.filter(({ by }) => by === 'its client replays');
    expect(new Set(replays.map(({ to }) => to?.row.status))).toEqual(new Set(['queued']));
    const from = new Set(replays.map((step) => step.from.row.status));
    expect([...from].sort()).toEqual(['bounced', 'canceled', 'expired', 'failed', 'unknown']);
    const others = left.filter((step) => !replays.includes(step));
    expect(others.filter(({ by, to }) => !actors[by]?.reports || !to || isOpen(to)).map(tell)).toEqual([]);
    const forward = ['unknown', 'sent', 'delivered', 'bounced', 'complained'];
    const rank = (state: State | undefined) => forward.indexOf(state?.row.status ?? '');
    expect(others.filter(({ from, to }) => rank(from) < 0 || rank(to) <= rank(from)).map(tell)).toEqual([]);
  });

  it('is left only with contents to send', () => {
    const replays = steps.filter(
      ({ from, by, to }) => by === 'its client replays' && to && !isOpen(from) && isOpen(to),
    );
    expect(replays.filter(({ to }) => !to?.hasContents || to.row.erased_at).map(tell)).toEqual([]);
  });

  it('is what rows and contents must have come to before they are purged', () => {
    const purges = steps.filter(({ by }) => by.endsWith('purged'));
    const tooEarly = ({ from, to }: Step) => isOpen(from) && (!to || to.hasContents !== from.hasContents);
    expect(purges.filter(tooEarly).map(tell)).toEqual([]);
    expect(purges.filter(({ from, to }) => !isOpen(from) && to?.hasContents).map(({ by }) => by)).toEqual([]);
  });
});

describe('nobody', () => {
  it('claims an email for a recipient that has it', () => {
    const again = steps.filter(
      ({ by, from, to }) =>
        by === 'a worker claims' &&
        to?.claim !== from.claim &&
        to?.claim?.recipients.some((recipient) => to.row.settled[recipient]),
    );
    expect(again.map(tell)).toEqual([]);
  });

  it('claims an email for a recipient that is suppressed', () => {
    const claims = steps.filter(({ by, from, to }) => by === 'a worker claims' && to?.claim && to.claim !== from.claim);
    expect(claims.some(({ from }) => from.suppressed.length > 0)).toBe(true);
    const unwanted = claims.filter(({ from, to }) =>
      to?.claim?.recipients.some((one) => from.suppressed.includes(one)),
    );
    expect(unwanted.map(tell)).toEqual([]);
  });

  it('takes back that a recipient has it', () => {
    const ranks = ['sent', 'delivered', 'bounced', 'complained'];
    const rank = ({ row }: State, recipient: string) => ranks.indexOf(row.settled[recipient]?.status ?? '');
    const isReport = ({ by, from }: Step) => actors[by]?.reports || from.kept.length > 0 || from.row.reported;
    const isForgotten = (step: Step & { to: State }, one: string) => {
      const [before, after] = [rank(step.from, one), rank(step.to, one)];
      // Who bounced is tried again by a replay. A report only moves on.
      if (step.by === 'its client replays') return before !== 2 && after !== before;
      return isReport(step) ? after < before : before >= 0 && after !== before;
    };
    const forgotten = steps.filter(
      (step) =>
        step.to && !step.to.row.erased_at && recipients.some((one) => isForgotten(step as Step & { to: State }, one)),
    );
    expect(forgotten.map(tell)).toEqual([]);
  });

  it('who lost his claim to another changes anything', async () => {
    await shareOut([...states.values()], async (sql, state) => {
      const after = await applyStaleWorker(sql, state);
      expect(after && nameOf(after)).toBe(nameOf(state));
    });
  });

  it('finds a trace of an erased recipient', async () => {
    const erase = actors['the first recipient is erased'];
    await shareOut([...states.values()], async (sql, state) => {
      const after = erase && (await apply(sql, state, erase));
      const isKept = (await everythingStored(sql)).includes(recipients[0] ?? '');
      expect({ state: nameOf(state), isKept }).toEqual({
        state: nameOf(state),
        isKept: state.row.status === 'sending',
      });
      expect(after && isOpen(after)).toBe(state.row.status === 'sending');
    });
  });

  it('who reports late of an erased email brings the address back', async () => {
    const late = Object.entries(actors).filter(([by]) => by.startsWith('the attempt '));
    const held = [...states.values()].filter(({ claim, row }) => claim && row.erased_at);
    expect(held.length).toBeGreaterThan(0);
    await shareOut(held, async (sql, state) => {
      for (const [by, actor] of late) {
        await apply(sql, state, actor);
        expect(`${by}: ${await everythingStored(sql)}`).not.toContain(recipients[0]);
      }
    });
  });
});
