// What GET /metrics says: Prometheus' own check finds nothing, names are ours, tokens and builds are counted, and labels have few values.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, exampleClient, type FunctionName, json, seeWhatClosed, startApi } from './functions.ts';
import { findPromtool } from './promtool.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;

const names = ['token', 'send', 'consume', 'dispatch', 'history', 'manage', 'notify', 'intake', 'console'] as const;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({
    databaseUrl: database.url,
    smtpUrl: smtp.url,
    also: ['manage', 'notify', 'intake', 'console'],
  });
  const email = { from: 'a@example.com', to: 'b@example.com', subject: 's', text: 't' };
  const { id } = await json(await api.send(email, { prefer: 'wait=30' }));
  await api.read(`/emails/${id}`);
});
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
});

const scrape = async (name: FunctionName) => {
  // Installing promtool holds up this process.
  await seeWhatClosed();
  return (await fetch(`${api.functions[name].url}/metrics`)).text();
};
/** Values by labels, of one metric. */
async function valuesOf(name: FunctionName, metric: string): Promise<Record<string, number>> {
  const lines = (await scrape(name)).matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'));
  return Object.fromEntries(
    [...lines].map(([, labels = '', value]) => [labels.replace(/,?function="\w+"/, ''), Number(value)]),
  );
}

describe.each(names)('%s', (name) => {
  it('is clean to promtool', async () => {
    const { status, stdout, stderr } = spawnSync(findPromtool(), ['check', 'metrics'], {
      input: await scrape(name),
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('has one prefix for all that is ours, a help text, base units and the ending of a counter', async () => {
    const text = await scrape(name);
    const families = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \1 (\w+)$/gm)].map(
      ([, family = '', help, type]) => ({ family, help, type }),
    );
    expect(families.length).toBe(text.match(/^# TYPE /gm)?.length);
    const others = families.filter(({ family }) => !/^(process|nodejs|email_api)_/.test(family));
    for (const { family } of others) expect(families.map((each) => each.family)).toContain(`email_api_${family}`);
    for (const { family, help, type } of families) {
      expect(help, family).not.toBe('');
      expect(family.endsWith('_total'), family).toBe(type === 'counter');
      expect(family).not.toMatch(/_(ms|milliseconds|minutes|kb|mb)(_|$)/);
    }
  });

  it('says which build it is', async () => {
    const [labels] = Object.keys(await valuesOf(name, 'email_api_build_info'));
    expect(labels).toMatch(/^version="\d+\.\d+\.\d+",commit="[0-9a-f]{12}|unknown",node="v\d+\.\d+\.\d+"$/);
  });

  it('says what its pool of connections does', async () => {
    const max = await valuesOf(name, 'email_api_database_connections_max');
    expect(Object.values(max)).toEqual(name === 'console' ? [] : [5]);
  });
});

it('for one release, the names of before are there with the same values', async () => {
  const now = await valuesOf('send', 'email_api_emails_accepted_total');
  expect(now).toEqual({ 'lane="transactional",status="queued"': 1 });
  expect(await valuesOf('send', 'emails_accepted_total')).toEqual(now);
  expect(await valuesOf('consume', 'smtp_attempt_duration_seconds_count')).toEqual(
    await valuesOf('consume', 'email_api_smtp_attempt_duration_seconds_count'),
  );
});

it('counts tokens issued and refused, by reason', async () => {
  const url = `${api.functions.token.url}/token`;
  const good: Record<string, string> = { grant_type: 'client_credentials', ...exampleClient };
  const issuedBefore = (await valuesOf('token', 'email_api_tokens_issued_total'))[''] ?? 0;
  const ask = (changes: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams({ ...good, ...changes }) });
  for (const [changes, status] of [
    [{}, 200],
    [{ client_secret: 'wrong' }, 401],
    [{ client_id: 'nobody' }, 401],
    [{ scope: 'root' }, 400],
    [{ scope: 'admin' }, 400],
    [{ grant_type: 'password' }, 400],
    [{ client_secret: '', client_assertion: 'e30.e30.e30' }, 400],
  ] as const)
    expect((await ask(changes)).status).toBe(status);
  await database.sql`update clients set disabled_at = now()`;
  expect((await ask({})).status).toBe(401);
  await database.sql`update clients set disabled_at = null`;
  expect(await valuesOf('token', 'email_api_tokens_issued_total')).toEqual({ '': issuedBefore + 1 });
  expect(await valuesOf('token', 'email_api_tokens_refused_total')).toEqual({
    'reason="wrong_secret"': 1,
    'reason="unknown_client"': 1,
    'reason="disabled_client"': 1,
    'reason="invalid_scope"': 2,
    'reason="unsupported_grant_type"': 1,
    'reason="invalid_request"': 1,
  });
});

it('counts what is refused of tokens and keys, by problem', async () => {
  for (const authorization of ['Bearer x', 'Bearer y', 'Bearer re_none', undefined])
    await fetch(`${api.functions.manage.url}/suppressions`, {
      headers: authorization === undefined ? {} : { authorization },
    });
  expect(await valuesOf('manage', 'email_api_access_refused_total')).toEqual({
    'code="invalid_token"': 2,
    'code="invalid_api_key"': 1,
    'code="missing_token"': 1,
  });
});

it('has no series of its own for a path, a method or a name that callers make up', async () => {
  const count = async () => (await scrape('history')).split('\n').length;
  const ask = (n: number) =>
    fetch(`${api.functions.history.url}/x${n}/emails/${n}?a=${n}`, { headers: { authorization: `Bearer ${n}` } });
  await ask(0);
  const before = await count();
  for (let n = 1; n < 50; n += 1) await ask(n);
  expect(await count()).toBe(before);
});
