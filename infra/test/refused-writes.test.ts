// A database that refuses a single write, whatever its reason: what was handed over is recorded as soon as it is taken, and there is one copy.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  brokerUrl,
  eventually,
  exampleClient,
  getToken,
  json,
  type RunningFunction,
  startFunction,
} from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const quick = { LEASE_SECONDS: '1', DISPATCH_INTERVAL_SECONDS: '0.1' };
let ground: WholeApi;
beforeAll(async () => {
  // Shorter than what is refused: a claim that is not renewed looks abandoned.
  ground = await startWholeApi({ settings: quick });
  await ground.database.sql.unsafe(`
    create table refusal (state text);
    create function refuse() returns trigger language plpgsql security definer as $$
    declare refused text := (select state from refusal);
    begin
      if refused is not null then raise 'refused for a test' using errcode = refused; end if;
      return new;
    end $$;
    create trigger refuse before insert or update on emails for each row execute function refuse();
  `);
});
afterAll(() => ground?.stop());

const refuse = (state: string) => ground.database.sql`insert into refusal values (${state})`;
const allow = () => ground.database.sql`delete from refusal`;
const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

/** SQLSTATEs of PostgreSQL, and one of PgBouncer's own (08P01). */
const states = ['25006', '57014', '55P03', '40001', '40P01', '53100', '53200', '58030', '25P03', '57P01', '08P01'];

afterEach(async () => {
  await allow();
  // Its emails are over before the next test counts its own.
  await eventually(async () => (await ground.database.sql`select from emails where finished_at is null`).length === 0);
  ground.smtp.received.length = 0;
  ground.smtp.behave({});
});

describe.each(states)('%s', (state) => {
  it('while an outcome is recorded: recorded once it is taken, one copy', async () => {
    let reply = () => {};
    const hold = new Promise<void>((resolve) => (reply = resolve));
    const arrived = new Promise<void>((resolve) => ground.smtp.behave({ hold, onMessage: () => resolve() }));
    const { id } = await json(await ground.api.send(good));
    await arrived;
    await refuse(state);
    reply();
    await ground.smtp.waitFor(1);
    // Longer than its lease, so that dispatch would hand it to another worker as soon as it may.
    await eventually(async () => {
      const [row] = await ground.database.sql`select due_at < now() as over from emails where id = ${id}`;
      return row?.over === true;
    });
    await allow();
    const email = await eventually(async () => {
      const seen = await ground.api.read(`/emails/${id}`);
      return seen.finished_at !== null && seen;
    });
    expect(email).toMatchObject({ status: 'sent' });
    expect(email.events.filter(({ type }: { type: string }) => type === 'attempt')).toMatchObject([{ code: 250 }]);
    expect(ground.smtp.received).toHaveLength(1);
  });

  it('while an email is accepted: 503 with Retry-After, never 500', async () => {
    await refuse(state);
    const refused = await ground.api.send(good);
    await allow();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await ground.api.send(good)).status).toBe(202);
  });
});

const settings = () => ({
  DATABASE_URL: ground.database.url,
  AMQP_URL: brokerUrl(),
  SMTP_URL: ground.smtp.url,
  ...quick,
});
const signal = (name: NodeJS.Signals, functions: RunningFunction[]) => {
  for (const { child } of functions) process.kill(child.pid, name);
};

describe('dispatch that makes no round while writes are refused', () => {
  it.each<[string, number]>([
    ['it stands still', 1],
    ['two copies stand still', 2],
    ['it begins only afterwards', 0],
  ])('as %s: a lease that ended meanwhile is left to the worker that can record, one copy', async (_, copies) => {
    ground.smtp.received.length = 0;
    const { consume, dispatch } = ground.api.functions;
    let reply = () => {};
    const hold = new Promise<void>((resolve) => {
      reply = resolve;
    });
    const arrived = new Promise<void>((resolve) => ground.smtp.behave({ hold, onMessage: () => resolve() }));
    const { id } = await json(await ground.api.send(good));
    await arrived;
    const row = async () => {
      const [seen] = await ground.database.sql`
        select status, xmin::text as version, due_at < now() as over from emails where id = ${id}`;
      return seen;
    };
    // Whoever would send the second copy.
    const other = await startFunction('consume', settings());
    const second = copies === 2 ? await startFunction('dispatch', settings()) : undefined;
    const dispatches = copies === 0 ? [] : [dispatch, ...(second ? [second] : [])];
    if (copies === 0) await dispatch.stop();
    signal('SIGSTOP', dispatches);
    await refuse('25006');
    reply();
    await ground.smtp.waitFor(1);
    await eventually(async () => (await row())?.over === true);
    // It is between two tries to record: dispatch comes first.
    signal('SIGSTOP', [consume]);
    await allow();
    const before = (await row())?.version;
    signal('SIGCONT', dispatches);
    const begun = copies === 0 ? startFunction('dispatch', settings()) : undefined;
    const after = await eventually(async () => {
      const seen = await row();
      return seen?.version !== before && seen;
    });
    signal('SIGCONT', [consume]);
    await eventually(async () => (await ground.api.read(`/emails/${id}`)).finished_at !== null);
    if (begun) ground.api.functions.dispatch = await begun;
    await second?.stop();
    await other.stop();
    // It has written to the row, and has not taken it.
    expect(after.status).toBe('sending');
    expect(await ground.api.read(`/emails/${id}`)).toMatchObject({ status: 'sent', attempts: 1 });
    expect(ground.smtp.received).toHaveLength(1);
  });
});

it.each(states)('%s, while a token is revoked: 503, and it is as good as before', async (state) => {
  const { sql } = ground.database;
  await sql.unsafe(
    'create or replace trigger refuse before insert on revoked_tokens for each row execute function refuse()',
  );
  const token = await getToken(ground.api.functions.token.url);
  const { client_id, client_secret } = exampleClient;
  const revoke = () =>
    fetch(`${ground.api.functions.token.url}/revoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, client_id, client_secret }),
    });
  await refuse(state);
  const refused = await revoke();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await json(refused)).error).toBe('temporarily_unavailable');
  await allow();
  expect((await revoke()).status).toBe(200);
});
