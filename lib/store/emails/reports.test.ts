// What reports make of emails: each once, in whatever order, only forward, and never against an attempt that is under way.
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../infra/test/database.ts';
import { insertClient } from '../clients/clients.ts';
import type { SettledRecipient } from './email.ts';
import { eraseRecipient } from './erase.ts';
import { purgeEmails } from './purge.ts';
import { replayEmail } from './replay.ts';
import { type GivenReport, type ReportKind, takeReports } from './reports.ts';
import { type Transition, transitionEmails } from './transition-emails.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertClient(database.sql, { client_id: 'c', scopes: ['email'] });
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await database.sql`with lifted as (delete from suppressions) delete from emails`;
});

const [a, b] = ['a@example.com', 'b@example.com'];
const had = (status: SettledRecipient['status']): SettledRecipient => ({
  status,
  ...{ code: 250, enhanced_code: '2.0.0', reply: 'ok' },
});
const report = (kind: ReportKind, recipient = a, more: Partial<GivenReport> = {}): Omit<GivenReport, 'email_id'> => ({
  message_id: null,
  keys: [recipient],
  may_be_other: false,
  kind,
  hard: false,
  tells_deliveries: false,
  ...more,
  detail: {
    ...{
      source: 'smtp',
      reported_at: null,
      code: 550,
      enhanced_code: '5.1.1',
      category: 'mailbox',
      hard: more.hard ?? false,
    },
    reply: 'said so',
  },
});

/** An email at `status`, whose recipients are settled like this. */
async function email(
  status: string,
  settled: Record<string, SettledRecipient['status'] | null>,
  { attempts = 1 }: { attempts?: number } = {},
): Promise<string> {
  const id = uuidv7();
  const isOpen = ['scheduled', 'queued', 'sending', 'deferred'].includes(status);
  const outcomes = Object.entries(settled).flatMap(([recipient, had_]) => (had_ ? [[recipient, had(had_)]] : []));
  await database.sql`
    insert into emails (id, client_id, status, sender, recipients, subject, message_id, attempts, settled, due_at, queued_at, finished_at)
    values (${id}, 'c', ${status}, 's@example.com', ${Object.keys(settled)}, 's', ${`<${id}@example.com>`}, ${attempts},
            ${JSON.stringify(Object.fromEntries(outcomes))}::text::jsonb, ${isOpen ? new Date(Date.now() + 60_000) : null},
            ${new Date()}, ${isOpen ? null : new Date()})`;
  await database.sql`insert into email_contents (email_id, headers, text_body) values (${id}, '{"from": {}}', 'x')`;
  return id;
}

const take = async (id: string, ...reports: Omit<GivenReport, 'email_id'>[]) =>
  takeReports(
    database.sql,
    reports.map((one) => ({ ...one, email_id: id })),
  );

async function look(id: string) {
  const [row] = await database.sql`
    select status, settled, due_at, finished_at, reported, last_reply,
           array(select type from email_events where email_id = emails.id order by id) as events
    from emails where id = ${id}`;
  if (row === undefined) throw new Error('it is gone');
  const outcomes = Object.values(row.settled as Record<string, SettledRecipient>).map(({ status }) => status);
  return { ...row, outcomes } as unknown as {
    status: string;
    outcomes: string[];
    due_at: Date | null;
    finished_at: Date | null;
    reported: boolean;
    last_reply: string | null;
    events: string[];
  };
}

const recorded = (id: string, change: Partial<Transition<'attempt'>> = {}): Transition =>
  ({
    ...{ id, attempts: 1, due_in_ms: null, settled: { [a]: had('sent') }, last_reply: null, facts: [] },
    ...{ by: 'attempt', to: 'sent', events: [{ type: 'sent', detail: {} }] },
    ...change,
  }) as Transition;

describe('an email that a relay took', () => {
  it.each([
    ['delivered', 'delivered'],
    ['delayed', 'sent'],
    ['bounced', 'bounced'],
    ['complained', 'complained'],
  ] as const)('and of which "%s" is reported is %s', async (kind, status) => {
    const id = await email('sent', { [a]: 'sent' });
    expect(await take(id, report(kind))).toEqual(['recorded']);
    expect(await look(id)).toMatchObject({ status, outcomes: [status], events: [kind], due_at: null, reported: false });
  });

  it('counts each report once, however often it comes', async () => {
    const id = await email('sent', { [a]: 'sent' });
    expect(await take(id, report('bounced'), report('bounced'))).toEqual(['recorded', 'repeated']);
    expect(await take(id, report('bounced', 'A@Example.COM'))).toEqual(['repeated']);
    const all = await Promise.all(Array.from({ length: 8 }, () => take(id, report('complained'), report('delivered'))));
    expect(all.flat().toSorted()).toEqual([...Array(2).fill('recorded'), ...Array(14).fill('repeated')]);
    expect((await look(id)).events.toSorted()).toEqual(['bounced', 'complained', 'delivered']);
  });

  it('only moves on, in whatever order', async () => {
    const kinds: ReportKind[] = ['delivered', 'delayed', 'bounced', 'complained'];
    for (const one of kinds)
      for (const other of kinds) {
        if (one === other) continue;
        const id = await email('sent', { [a]: 'sent' });
        await take(id, report(one));
        await take(id, report(other));
        const furthest = ['complained', 'bounced', 'delivered'].find((each) => each === one || each === other);
        expect([one, other, (await look(id)).status]).toEqual([one, other, furthest]);
        expect((await look(id)).events).toEqual([one, other]);
      }
  });

  it('is where the least of its recipients is', async () => {
    const id = await email('sent', { [a]: 'sent', [b]: 'sent' });
    await take(id, report('bounced', a));
    expect(await look(id)).toMatchObject({ status: 'sent', outcomes: ['bounced', 'sent'] });
    await take(id, report('delivered', b));
    expect(await look(id)).toMatchObject({ status: 'delivered', outcomes: ['bounced', 'delivered'] });
    await take(id, report('complained', b));
    expect(await look(id)).toMatchObject({ status: 'bounced', outcomes: ['bounced', 'complained'] });
    await take(id, report('complained', a));
    expect(await look(id)).toMatchObject({ status: 'complained' });
  });

  it('and whose other recipients are suppressed is where those are that are not', async () => {
    const id = await email('sent', { [a]: 'sent', [b]: 'suppressed' });
    await take(id, report('delivered', a));
    expect((await look(id)).status).toBe('delivered');
    await take(id, report('complained', b));
    expect(await look(id)).toMatchObject({ status: 'delivered', outcomes: ['delivered', 'suppressed'] });
  });

  it('has its recipient suppressed by a hard bounce and by a complaint, not by others', async () => {
    const id = await email('sent', { [a]: 'sent', [b]: 'sent', 'C@example.com': 'sent' });
    await take(id, report('bounced', a, { hard: true }), report('bounced', b), report('complained', 'c@example.com'));
    expect(await database.sql`select recipient, reason, email_id, detail from suppressions order by recipient`).toEqual(
      [
        { recipient: a, reason: 'hard_bounce', email_id: id, detail: '550 5.1.1 said so' },
        { recipient: 'c@example.com', reason: 'complaint', email_id: id, detail: '550 5.1.1 said so' },
      ],
    );
  });
});

describe('an attempt that is under way', () => {
  it('is not disturbed; what was reported counts when it is recorded', async () => {
    const id = await email('sending', { [a]: null });
    const before = await look(id);
    expect(await take(id, report('bounced'), report('bounced'))).toEqual(['kept', 'repeated']);
    expect(await look(id)).toEqual({ ...before, reported: true });
    expect(await transitionEmails(database.sql, [recorded(id)])).toEqual(new Set([id]));
    expect(await look(id)).toMatchObject({
      status: 'bounced',
      events: ['sent', 'bounced'],
      reported: false,
      due_at: null,
    });
  });

  it.each([
    ['deferred', { to: 'deferred', due_in_ms: 1_000, settled: {}, events: [{ type: 'deferred', detail: {} }] }],
    ['unknown', { to: 'unknown', settled: {}, events: [{ type: 'unknown', detail: {} }] }],
    ['failed', { to: 'failed', settled: {}, events: [{ type: 'failed', detail: {} }] }],
  ])('and ends as %s: the report ends it where nobody knows better', async (how, change) => {
    const id = await email('sending', { [a]: null });
    await take(id, report('delivered'));
    await transitionEmails(database.sql, [recorded(id, change as never)]);
    const status = how === 'failed' ? 'failed' : 'delivered';
    expect(await look(id)).toMatchObject({ status, events: [how, 'delivered'], due_at: null, outcomes: ['delivered'] });
  });

  it('and has more recipients: what was reported before counts for its end', async () => {
    const id = await email('deferred', { [a]: null, [b]: null });
    await take(id, report('delivered', a));
    expect(await look(id)).toMatchObject({ status: 'deferred', outcomes: ['delivered'], reported: true });
    await database.sql`update emails set status = 'sending' where id = ${id}`;
    const bounced = { to: 'sent', settled: { [b]: had('bounced') } } as const;
    await transitionEmails(database.sql, [recorded(id, bounced)]);
    expect(await look(id)).toMatchObject({ status: 'delivered', outcomes: ['delivered', 'bounced'], reported: false });
  });
});

it('is not forgotten for what a worker says later that had lost its claim', async () => {
  const id = await email('queued', { [a]: null, [b]: null });
  await take(id, report('delivered', a));
  await transitionEmails(database.sql, [recorded(id, { settled: { [a]: had('sent'), [b]: had('sent') } })]);
  expect(await look(id)).toMatchObject({ status: 'sent', outcomes: ['delivered', 'sent'] });
  await take(id, report('delivered', b));
  expect((await look(id)).status).toBe('delivered');
});

describe('an outcome that nobody knew', () => {
  it.each(['unknown', 'deferred', 'queued'])('is settled by a report: %s', async (status) => {
    for (const [kind, end] of [
      ['delivered', 'delivered'],
      ['delayed', 'sent'],
      ['bounced', 'bounced'],
      ['complained', 'complained'],
    ] as const) {
      const id = await email(status, { [a]: null });
      expect(await take(id, report(kind))).toEqual(['recorded']);
      const { due_at, finished_at, ...found } = await look(id);
      expect(found).toMatchObject({ status: end, events: kind === 'delayed' ? ['delayed', 'sent'] : [kind] });
      expect([due_at, finished_at]).toEqual([null, expect.any(Date)]);
    }
  });

  it('is settled for all that a relay had accepted in the same attempts', async () => {
    const c = 'c@example.com';
    const id = await email('deferred', { [a]: null, [b]: null, [c]: null });
    const attempt = (outcomes: object) =>
      database.sql`insert into email_events (email_id, type, detail) values (${id}, 'attempt', ${JSON.stringify({ recipients: outcomes })}::text::jsonb)`;
    await attempt({ [a]: 'unknown', [b]: 'unknown', [c]: 'unknown' });
    await attempt({ [a]: 'unknown', [b]: 'unknown', [c]: 'deferred' });
    await take(id, report('bounced', a));
    // Which of the two attempts it was nobody knows.
    expect(await look(id)).toMatchObject({ status: 'deferred', outcomes: ['bounced', 'sent'] });
    await take(id, report('delivered', c));
    expect(await look(id)).toMatchObject({ status: 'sent' });
  });

  it.each(['canceled', 'expired', 'failed'])('leaves an email %s, and says what was reported', async (status) => {
    const id = await email(status, { [a]: null });
    await take(id, report('delivered'));
    expect(await look(id)).toMatchObject({ status, outcomes: ['delivered'], events: ['delivered'] });
  });
});

describe('nothing changes', () => {
  const untouched = async (id: string, one: Omit<GivenReport, 'email_id'>, outcome: string) => {
    const before = await look(id);
    expect(await take(id, one)).toEqual([outcome]);
    expect(await look(id)).toEqual(before);
    expect(await database.sql`select from email_reports`).toHaveLength(0);
  };

  it('by reports of emails that were never attempted', async () => {
    for (const status of ['queued', 'scheduled', 'canceled', 'suppressed'])
      await untouched(await email(status, { [a]: null }, { attempts: 0 }), report('bounced'), 'unknown_email');
    expect(await take(uuidv7(), report('bounced'))).toEqual(['unknown_email']);
  });

  it('by a Message-ID that is not that of the email', async () => {
    const id = await email('sent', { [a]: 'sent' });
    await untouched(id, report('bounced', a, { message_id: `<${id}@example.org>` }), 'unknown_email');
    expect(await take(id, report('bounced', a, { message_id: `<${id.toUpperCase()}@Example.com>` }))).toEqual([
      'recorded',
    ]);
  });

  it('by reports of others than its recipients, unless it had only one who passed it on', async () => {
    const two = await email('sent', { [a]: 'sent', [b]: 'sent' });
    await untouched(two, report('bounced', 'x@example.com', { may_be_other: true }), 'unknown_recipient');
    const one = await email('sent', { [a]: 'sent' });
    await untouched(one, report('bounced', 'x@example.com'), 'unknown_recipient');
    expect(await take(one, report('bounced', 'x@example.com', { may_be_other: true }))).toEqual(['recorded']);
  });

  it('of an erased email; the reports of the recipient are erased with it', async () => {
    const id = await email('sent', { [a]: 'sent', [b]: 'sent' });
    await take(id, report('bounced', a), report('bounced', b));
    await eraseRecipient(database.sql, 'anybody', a);
    expect(JSON.stringify(await database.sql`select * from email_reports`)).not.toMatch(/said so|a@example/);
    const events = JSON.stringify(await database.sql`select detail from email_events where email_id = ${id}`);
    expect(events).not.toMatch(/said so|a@example/);
    expect(await take(id, report('complained', b))).toEqual(['unknown_email']);
    expect(await look(id)).toMatchObject({ status: 'bounced', events: ['bounced', 'bounced'] });
  });
});

describe('a replay', () => {
  it('waits for its own reports: a late one of before calls nothing back', async () => {
    const id = await email('bounced', { [a]: 'bounced' });
    await replayEmail(database.sql, 'anybody', id, 1_000);
    await take(id, report('bounced'));
    expect(await look(id)).toMatchObject({ status: 'queued', outcomes: [] });
    await database.sql`update emails set status = 'sending', attempts = 2 where id = ${id}`;
    await database.sql`insert into email_events (email_id, type) values (${id}, 'attempt')`;
    await transitionEmails(database.sql, [recorded(id, { attempts: 2 })]);
    expect((await look(id)).status).toBe('sent');
    // The same again, of the second time.
    expect(await take(id, report('bounced'))).toEqual(['recorded']);
    expect(await take(id, report('bounced'))).toEqual(['repeated']);
    expect((await look(id)).status).toBe('bounced');
  });

  it('leaves out who is known to have it', async () => {
    const id = await email('unknown', { [a]: null, [b]: null });
    await take(id, report('delivered', a));
    expect((await look(id)).status).toBe('unknown');
    await replayEmail(database.sql, 'anybody', id, 1_000);
    expect(await look(id)).toMatchObject({ status: 'queued', outcomes: ['delivered'] });
  });
});

describe('endpoints that ask for `email.delivered`', () => {
  const told = async (id: string) =>
    (
      await database.sql<{ type: string }[]>`select type from webhook_deliveries where email_id = ${id} order by type`
    ).map(({ type }) => type);

  it('are told with `sent`, until a provider tells of deliveries', async () => {
    const { sql } = database;
    await sql`insert into webhooks (id, client_id, url, events, secrets)
              values (${uuidv7()}, 'c', 'https://example.com', array['email.delivered', 'email.delivery_delayed'], '[{"secret": "s"}]')`;
    const send = async () => {
      const id = await email('sending', { [a]: null });
      await transitionEmails(sql, [recorded(id)]);
      return id;
    };
    const first = await send();
    expect(await told(first)).toEqual(['email.delivered']);
    // Anybody may send a mail that says so, about an email that he got.
    await take(first, report('delivered', a, { tells_deliveries: false }));
    expect(await told(await send())).toEqual(['email.delivered']);

    const second = await send();
    await take(second, report('delivered', a, { tells_deliveries: true }));
    const third = await send();
    expect(await told(third)).toEqual([]);
    await take(third, report('delayed'), report('delivered'));
    expect(await told(third)).toEqual(['email.delivered', 'email.delivery_delayed']);

    await sql`update deliveries_reported set last_at = now() - interval '8 days'`;
    expect(await told(await send())).toEqual(['email.delivered']);
    await sql`delete from webhooks`;
  });
});

it('is deleted with the email', async () => {
  const id = await email('sent', { [a]: 'sent' });
  await take(id, report('bounced'));
  await purgeEmails(database.sql, -600_000, 10);
  expect(await database.sql`select from email_reports where email_id = ${id}`).toHaveLength(0);
});
