// The operator's command: what it does to the database, what it prints, and how it ends.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { findFitting } from '../../functions/token/secret-hash.ts';
import { parseSigningKeys } from '../../functions/token/signing-keys.ts';
import { findClients } from '../../lib/store/clients/clients.ts';
import { freePort } from '../local/ports.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { runAdmin } from './run.ts';

let database: TestDatabase;
let directory: string;

beforeAll(async () => {
  database = await createTestDatabase();
  directory = mkdtempSync(join(tmpdir(), 'admin-'));
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await database?.drop();
});
beforeEach(async () => {
  await database.sql`delete from clients`;
});

const run = (args: string[], databaseUrl: string | undefined = database.url) =>
  runAdmin(args, { databaseUrl, amqpUrl: undefined, migrationsDirectory: undefined, say: () => {} });

async function succeed(...args: string[]): Promise<string> {
  const { exitCode, output, complaint } = await run(args);
  expect({ exitCode, complaint }).toEqual({ exitCode: 0, complaint: undefined });
  return output ?? '';
}
async function client(id: string) {
  const [found] = await findClients(database.sql, [id]);
  return found;
}
const fits = async (id: string, secret = '') => {
  const hashes = (await client(id))?.secrets.map(({ hash }) => hash) ?? [];
  return (await findFitting(secret, hashes)) !== undefined;
};
/** What add-secret prints. */
const addedIn = (output: string) => {
  const [, id = '', secret = ''] = /one more secret, (\d+): (\S+)/.exec(output) ?? [];
  return { id, secret };
};
const long = 'a secret of 32 characters at least';
const secretIn = (output: string) => /secret: (\S+)/.exec(output)?.[1] ?? '';

describe('client create', () => {
  it('makes a client with all scopes and shows a random secret once', async () => {
    const output = await succeed('client', 'create', 'shop', '--any-sender');
    expect(secretIn(output)).toMatch(/^[\w-]{43}$/);
    expect(output).toContain('shown this once');
    expect(await client('shop')).toMatchObject({ scopes: ['basic', 'email'], disabled_at: null });
    expect(await fits('shop', secretIn(output))).toBe(true);
  });

  it('takes scopes and a secret', async () => {
    await succeed('client', 'create', 'shop', '--scope', 'email', '--secret', long, '--any-sender');
    expect(await client('shop')).toMatchObject({ scopes: ['email'] });
    expect(await fits('shop', long)).toBe(true);
  });

  it('does not touch one that is there', async () => {
    await succeed('client', 'create', 'shop', '--secret', long, '--any-sender');
    expect(await run(['client', 'create', 'shop', '--any-sender'])).toEqual({
      exitCode: 1,
      complaint: 'There is a client "shop" already.',
    });
    expect(await fits('shop', long)).toBe(true);
  });
});

describe('client ensure', () => {
  const ensure = (secret: string, scope: string) =>
    succeed('client', 'ensure', 'shop', '--secret', secret, '--scope', scope);

  it('makes a client, and changes nothing of one that is as it should be', async () => {
    await ensure(long, 'basic email');
    const made = await client('shop');
    await ensure(long, 'basic email');
    expect(await client('shop')).toEqual(made);
  });

  it('gives one that is there the secret and the scopes, and leaves it disabled', async () => {
    await ensure(long, 'basic email');
    await succeed('client', 'disable', 'shop');
    await ensure(`other ${long}`, 'email');
    expect(await client('shop')).toMatchObject({ scopes: ['email'], disabled_at: expect.any(Date) });
    expect(await fits('shop', `other ${long}`)).toBe(true);
  });

  it('with --demo takes a short secret, and leaves a client that is there as it is', async () => {
    const demo = (secret: string) =>
      succeed('client', 'ensure', 'shop', '--demo', '--secret', secret, '--scope', 'basic email');
    expect(await demo('abc123')).toBe('Client shop made');
    expect(await fits('shop', 'abc123')).toBe(true);
    await ensure(long, 'email');
    const changed = await client('shop');
    expect(await demo('abc123')).toBe('Client shop is there, and stays as it is');
    expect(await client('shop')).toEqual(changed);
  });

  it('may run twice at once', async () => {
    await Promise.all([ensure(long, 'email'), ensure(long, 'email')]);
    expect(await fits('shop', long)).toBe(true);
  });
});

describe('the other client commands', () => {
  it('disable, enable and list', async () => {
    expect(await succeed('client', 'list')).toContain('no clients yet');
    await succeed('client', 'create', 'shop', '--any-sender');
    await succeed('client', 'create', 'a-client-of-long-name', '--scope', 'email', '--sender', 'B.test');
    await succeed('client', 'disable', 'shop');
    await succeed('client', 'set-relay-headers', 'shop', 'on');
    const date = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`;
    expect(await succeed('client', 'list')).toMatch(
      new RegExp(
        [
          '^CLIENT                 SCOPES       SENDERS  RELAY HEADERS  RATE  QUOTA  SECRETS  KEYS  LIFETIME  CREATED               DISABLED',
          `a-client-of-long-name  email        b.test   no             none  none   1        0     default   ${date}  -`,
          `shop                   basic email  any      yes            none  none   1        0     default   ${date}  ${date}$`,
        ].join('\n'),
      ),
    );
    await succeed('client', 'enable', 'shop');
    expect(await client('shop')).toMatchObject({ disabled_at: null });
  });

  it('roll a secret: those before are of no use any more', async () => {
    const old = secretIn(await succeed('client', 'create', 'shop', '--any-sender'));
    const added = addedIn(await succeed('client', 'add-secret', 'shop')).secret;
    const next = secretIn(await succeed('client', 'roll-secret', 'shop'));
    expect(await Promise.all([old, added, next].map((secret) => fits('shop', secret)))).toEqual([false, false, true]);
  });

  it.each(['disable', 'enable', 'roll-secret', 'add-secret', 'list-secrets'])('%s of nobody fails', async (verb) => {
    expect(await run(['client', verb, 'nobody'])).toEqual({
      exitCode: 1,
      complaint: 'There is no client "nobody"; client list shows all.',
    });
  });
});

describe('secrets', () => {
  it('are added beside those that there are, three at most, and removed one by one', async () => {
    const first = secretIn(await succeed('client', 'create', 'shop', '--any-sender'));
    const second = addedIn(await succeed('client', 'add-secret', 'shop'));
    const third = addedIn(await succeed('client', 'add-secret', 'shop', '--expires-in', '30'));
    for (const secret of [first, second.secret, third.secret]) expect(await fits('shop', secret)).toBe(true);
    expect(await run(['client', 'add-secret', 'shop'])).toEqual({
      exitCode: 1,
      complaint: 'Client shop has 3 secrets, and may have no more: remove one first.',
    });
    expect(await succeed('client', 'remove-secret', 'shop', second.id)).toContain('Secrets left: 2');
    expect(await fits('shop', second.secret)).toBe(false);
    expect(await fits('shop', first)).toBe(true);
    expect(await succeed('client', 'add-secret', 'shop')).toContain('one more secret');
  });

  it('of one client share their salt: a guess costs one scrypt', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    await succeed('client', 'add-secret', 'shop');
    await succeed('client', 'add-secret', 'shop');
    const salts = (await client('shop'))?.secrets.map(({ hash }) => hash.split('$')[3]);
    expect(salts).toHaveLength(3);
    expect(new Set(salts).size).toBe(1);
  });

  it('are three at most, though many are added at once', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => run(['client', 'add-secret', 'shop'])));
    expect(outcomes.filter(({ exitCode }) => exitCode === 0)).toHaveLength(2);
    expect((await client('shop'))?.secrets).toHaveLength(3);
  });

  it('that have expired are of no use, do not count, and go', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    const { id, secret } = addedIn(await succeed('client', 'add-secret', 'shop', '--expires-in', '1'));
    await succeed('client', 'add-secret', 'shop');
    await database.sql`update client_secrets set expires_at = now() - interval '1 s' where id = ${id}`;
    expect(await fits('shop', secret)).toBe(false);
    await succeed('client', 'add-secret', 'shop');
    expect(await database.sql`select from client_secrets where id = ${id}`).toHaveLength(0);
  });

  it('are listed without themselves', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    const { id } = addedIn(await succeed('client', 'add-secret', 'shop', '--expires-in', '30'));
    const [, , second] = (await succeed('client', 'list-secrets', 'shop')).split('\n');
    const date = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`;
    expect(second).toMatch(new RegExp(`^${id} +${date}  ${date}  -$`));
  });

  it('of others cannot be removed', async () => {
    await succeed('client', 'create', 'other', '--any-sender');
    await succeed('client', 'create', 'shop', '--any-sender');
    const id = String((await client('other'))?.secrets[0]?.id);
    expect(await run(['client', 'remove-secret', 'shop', id])).toEqual({
      exitCode: 1,
      complaint: `Client shop has no secret ${id}; client list-secrets shows all.`,
    });
  });
});

describe('public keys of a client', () => {
  const write = (name: string, content: string) => {
    const file = join(directory, name);
    writeFileSync(file, content);
    return file;
  };

  it('stand in for a secret, and are replaced', async () => {
    const pair = write('private.json', await succeed('key', 'create', '--alg', 'ES256'));
    const keys = write('public.json', await succeed('key', 'public', pair));
    expect(await succeed('client', 'create', 'shop', '--any-sender', '--keys', keys)).toContain('It has no secret');
    const made = await client('shop');
    expect(made).toMatchObject({ secrets: [], public_keys: [{ kty: 'EC', crv: 'P-256' }] });
    expect(await succeed('client', 'list-secrets', 'shop')).toBe('Client shop has no secret.');
    expect(await succeed('client', 'set-keys', 'shop', write('none.json', '{"keys":[]}'))).toContain('no assertion');
    expect(await client('shop')).toMatchObject({ public_keys: [] });
    expect(await succeed('client', 'set-keys', 'shop', keys)).toContain(made?.public_keys[0]?.kid);
  });

  it('are refused with their private part, and where there are none', async () => {
    const pair = write('pair.json', await succeed('key', 'create', '--alg', 'ES256'));
    await succeed('client', 'create', 'shop', '--any-sender');
    const complaint = `${pair}: key 1: has its private part in it, which is for the client alone; give the public part.`;
    expect(await run(['client', 'set-keys', 'shop', pair])).toEqual({ exitCode: 1, complaint });
    expect(await run(['client', 'create', 'new', '--any-sender', '--keys', pair])).toEqual({ exitCode: 1, complaint });
    expect(
      await run(['client', 'create', 'new', '--any-sender', '--keys', write('none.json', '{"keys":[]}')]),
    ).toMatchObject({
      complaint: expect.stringContaining('has no key in it.'),
    });
    expect(await run(['client', 'set-keys', 'shop', '/nowhere'])).toMatchObject({
      complaint: '/nowhere cannot be read.',
    });
  });
});

describe('a secret', () => {
  const said: string[] = [];
  const warned = (args: string[]) =>
    runAdmin(args, {
      databaseUrl: database.url,
      amqpUrl: undefined,
      migrationsDirectory: undefined,
      say: (line) => said.push(line),
    });
  const commands = [
    ['client', 'create', 'shop', '--any-sender'],
    ['client', 'ensure', 'shop', '--scope', 'email'],
  ];

  it.each(commands)('is read from a file, its line end taken off: %s %s', async (...command) => {
    const file = join(directory, 'secret');
    for (const end of ['', '\n', '\r\n']) {
      await database.sql`delete from clients`;
      writeFileSync(file, `${long} ${end}`);
      said.length = 0;
      expect(await warned([...command, '--secret-file', file])).toMatchObject({ exitCode: 0 });
      expect(await fits('shop', `${long} `)).toBe(true);
      expect(said).toEqual([]);
    }
    const lines = [...command, '--secret-file', file];
    writeFileSync(file, 'two\nlines');
    expect(await warned(lines)).toMatchObject({ exitCode: 2, complaint: expect.not.stringContaining('two') });
    expect(await warned([...command, '--secret-file', '/nowhere'])).toMatchObject({
      complaint: '/nowhere cannot be read.',
    });
  });

  it.each(commands)('is read from standard input: %s %s', async (...command) => {
    const admin = ['--import', 'tsx', 'infra/admin/index.ts', ...command, '--secret-file', '-'];
    const env = { ...process.env, DATABASE_URL: database.url };
    const { status, stderr } = spawnSync(process.execPath, admin, { env, input: `${long}\n`, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await fits('shop', long)).toBe(true);
  });

  it.each(commands)('on the command line is taken with a warning: %s %s', async (...command) => {
    said.length = 0;
    expect(await warned([...command, '--secret', long])).toMatchObject({ exitCode: 0 });
    expect(await fits('shop', long)).toBe(true);
    expect(said).toEqual([expect.stringContaining('list of processes')]);
    expect(said.join()).not.toContain(long);
  });
});

it('a token lifetime is set, and taken back', async () => {
  await succeed('client', 'create', 'shop', '--any-sender');
  await succeed('client', 'set-lifetime', 'shop', '300');
  expect(await client('shop')).toMatchObject({ token_lifetime_seconds: 300 });
  expect(await succeed('client', 'list')).toContain(' 300 s ');
  await succeed('client', 'set-lifetime', 'shop', 'default');
  expect(await client('shop')).toMatchObject({ token_lifetime_seconds: null });
});

describe('senders and limits', () => {
  it('are set in their normal form, shown, and taken back', async () => {
    await succeed('client', 'create', 'shop', '--sender', 'Exämple.test', '--sender', 'A@B.test,*.C.test');
    expect(await client('shop')).toMatchObject({ allowed_senders: ['*.c.test', 'a@b.test', 'xn--exmple-cua.test'] });
    await succeed('client', 'set-limits', 'shop', '--rate', '0.5', '--daily-quota', '1000');
    expect(await client('shop')).toMatchObject({ rate_per_second: 0.5, daily_quota: 1000 });
    expect(await succeed('client', 'list')).toMatch(
      / \*\.c\.test a@b\.test xn--exmple-cua\.test {2}no {13}0\.5\/s {2}1000\/day /,
    );
    await succeed('client', 'set-limits', 'shop', '--rate', 'none');
    expect(await client('shop')).toMatchObject({ rate_per_second: null, daily_quota: 1000 });
    await succeed('client', 'set-senders', 'shop', '--any-sender');
    expect(await client('shop')).toMatchObject({ allowed_senders: null });
  });

  it('need not be said of a client that does not send, and are anybody after ensure', async () => {
    await succeed('client', 'create', 'reader', '--scope', 'basic');
    await succeed('client', 'ensure', 'local', '--secret', long, '--scope', 'email');
    expect([await client('reader'), await client('local')]).toMatchObject([
      { allowed_senders: null },
      { allowed_senders: null },
    ]);
    await succeed('client', 'set-senders', 'local', '--sender', 'b.test');
    await succeed('client', 'ensure', 'local', '--secret', long, '--scope', 'email');
    expect(await client('local')).toMatchObject({ allowed_senders: ['b.test'] });
  });
});

describe('suppressions', () => {
  it('are listed, added and removed', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    expect(await succeed('suppression', 'list', 'shop')).toBe('Client shop has no suppressions.');
    for (const who of ['B@y.test', 'a@y.test', 'b@Y.test']) await succeed('suppression', 'add', 'shop', who);
    const lines = (await succeed('suppression', 'list', 'shop')).split('\n');
    expect(lines.slice(1).map((line) => line.split(/ +/).slice(0, 2))).toEqual([
      ['a@y.test', 'manual'],
      ['b@y.test', 'manual'],
    ]);
    expect(await succeed('suppression', 'list', 'shop', '--limit', '1')).toContain('There are more');
    await succeed('suppression', 'remove', 'shop', 'A@y.test');
    expect(await succeed('suppression', 'list', 'shop')).not.toContain('a@y.test');
    expect(await run(['suppression', 'remove', 'shop', 'a@y.test'])).toMatchObject({ exitCode: 1 });
    expect(await run(['suppression', 'add', 'nobody', 'a@y.test'])).toMatchObject({ exitCode: 1 });
  });
});

describe('signing keys', () => {
  it.each(['signing-key', 'key'])(
    '%s create, ensure and public do the same: the second were their names once',
    async (group) => {
      const file = join(directory, `${group}.json`);
      expect(parseSigningKeys(await succeed(group, 'create'))).toMatchObject([{ alg: 'RS256' }]);
      expect(await succeed(group, 'ensure', file)).toContain('New signing key');
      expect(JSON.parse(await succeed(group, 'public', file)).keys).toEqual([
        expect.not.objectContaining({ d: expect.anything() }),
      ]);
    },
  );

  it.each([
    [[], 'RS256'],
    [['--alg', 'ES256'], 'ES256'],
    [['--alg=EdDSA'], 'EdDSA'],
  ])('create %j prints a set for SIGNING_KEYS', async (options, alg) => {
    expect(parseSigningKeys(await succeed('signing-key', 'create', ...options))).toMatchObject([{ alg }]);
  });

  it('ensure writes a file that its owner alone can read, once', async () => {
    const file = join(directory, 'once.json');
    const outputs = await Promise.all([1, 2, 3].map(() => succeed('signing-key', 'ensure', file)));
    expect(outputs.filter((output) => output.startsWith('New signing key'))).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const content = readFileSync(file, 'utf8');
    expect(parseSigningKeys(content)).toHaveLength(1);
    await succeed('signing-key', 'ensure', file);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('ensure says when the file that is there is of no use, and leaves it', async () => {
    const file = join(directory, 'broken.json');
    writeFileSync(file, '{"keys":[]}');
    expect(await run(['signing-key', 'ensure', file])).toEqual({ exitCode: 1, complaint: `${file} has no key in it.` });
    expect(readFileSync(file, 'utf8')).toBe('{"keys":[]}');
  });
});

describe('API keys', () => {
  const keyIn = (output: string) => /\b[a-z]+_\w{8}_\w{24}\b/.exec(output)?.[0] ?? '';
  const idIn = (output: string) => /[0-9a-f-]{36}/.exec(output)?.[0] ?? '';

  it('are made, shown without the key, and revoked', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    const made = await succeed('key', 'create', 'shop', '--name', 'backend', '--expires-in', '30');
    expect(made).toMatch(/^Client shop has the API key \S+, with the scopes: basic email, until \d{4}-/);
    expect(keyIn(made)).toMatch(/^re_/);
    const listed = await succeed('key', 'list', 'shop');
    expect(listed).toContain(`${idIn(made)}  backend  ${keyIn(made).slice(0, 11)}…  basic email  as its client`);
    expect(listed).not.toContain(keyIn(made).slice(12));
    expect(await succeed('key', 'revoke', idIn(made))).toContain('"backend"');
    expect(await succeed('key', 'list', 'shop')).toBe('Client shop has no API key.');
    expect(await run(['key', 'revoke', idIn(made)])).toMatchObject({ exitCode: 1 });
  });

  it('have the scopes and senders that are said', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    await succeed('key', 'create', 'shop', '--scope', 'emails:send', '--sender', 'A@b.test', '--sender', '*.c.test');
    const [row] = await database.sql`select scopes, allowed_senders, expires_at from api_keys`;
    expect(row).toEqual({ scopes: ['emails:send'], allowed_senders: ['a@b.test', '*.c.test'], expires_at: null });
  });

  it('have the prefix that the operator chose', async () => {
    await succeed('client', 'create', 'shop', '--any-sender');
    const settings = { databaseUrl: database.url, amqpUrl: undefined, migrationsDirectory: undefined, say: () => {} };
    const { output = '' } = await runAdmin(['key', 'create', 'shop'], { ...settings, apiKeyPrefix: 'acme_' });
    expect(keyIn(output)).toMatch(/^acme_/);
  });

  it('are for clients that there are, with scopes that these have', async () => {
    await succeed('client', 'create', 'reader', '--scope', 'basic');
    expect(await run(['key', 'create', 'reader', '--scope', 'emails:send'])).toEqual({
      exitCode: 1,
      complaint: 'Client reader does not have the scope "emails:send".',
    });
    for (const args of [
      ['key', 'create', 'nobody'],
      ['key', 'list', 'nobody'],
    ])
      expect(await run(args)).toEqual({
        exitCode: 1,
        complaint: 'There is no client "nobody"; client list shows all.',
      });
  });
});

describe('words that make no sense', () => {
  it.each([
    [['client', 'create'], 'NAME is missing.'],
    [['client', 'create', 'a', 'b'], '"b" is one word too many.'],
    [['client', 'create', 'no spaces'], 'NAME may have letters'],
    [['client', 'create', 'a', '--scope', 'admin'], 'There is no scope "admin"'],
    [['client', 'create', 'a', '--scope', ''], 'one scope at least'],
    [['client', 'create', 'a', '--any-sender', '--secret', 'é'.repeat(32)], 'SECRET must be printable ASCII'],
    [
      ['client', 'create', 'a', '--any-sender', '--secret', 'a'.repeat(31)],
      'SECRET must be printable ASCII, 32 to 200',
    ],
    [
      ['client', 'ensure', 'a', '--secret', 'a'.repeat(201), '--scope', 'email'],
      'SECRET must be printable ASCII, 32 to',
    ],
    [
      ['client', 'ensure', 'a', '--secret', 'a'.repeat(31), '--scope', 'email'],
      'SECRET must be printable ASCII, 32 to',
    ],
    [['client', 'create', 'a', '--secret'], "'--secret <value>' argument missing"],
    [['client', 'create', 'a', '--colour', 'red'], "Unknown option '--colour'"],
    [['client', 'ensure', 'a', '--scope', 'email'], '--secret is missing.'],
    [['client', 'ensure', 'a', '--secret', 's'], '--scope is missing.'],
    [['client', 'create', 'a', '--secret', 's', '--keys', 'f'], '--secret and --keys do not go together.'],
    [
      ['client', 'create', 'a', '--any-sender', '--secret', 's', '--secret-file', 'f'],
      '--secret and --secret-file do not',
    ],
    [['client', 'set-relay-headers', 'a', 'yes'], 'Say on or off.'],
    [['client', 'add-secret', 'a', '--expires-in', '0'], 'DAYS must be a whole number from 1 to 3650.'],
    [['client', 'remove-secret', 'a', 'first'], 'ID must be a number that client list-secrets shows.'],
    [['client', 'set-lifetime', 'a', '59'], 'SECONDS must be a whole number from 60 to 86400, or "default".'],
    [['client', 'set-lifetime', 'a', '1h'], 'SECONDS must be'],
    [['client', 'create', 'a'], 'Say whom it may send from: --sender example.com'],
    [['client', 'create', 'a', '--sender', 'b.test', '--any-sender'], '--sender and --any-sender do not go together.'],
    [['client', 'set-senders', 'a'], 'Say whom it may send from'],
    [['client', 'set-senders', 'a', '--sender', 'b'], '"b" must be an address (a@b.test), a domain (b.test)'],
    [['client', 'set-senders', 'a', '--sender', '*.a@b.test,*'], '"*" must be an address'],
    [['client', 'set-limits', 'a'], 'Give --rate, --daily-quota or both.'],
    [['client', 'set-limits', 'a', '--rate', '0'], '--rate must be a number above 0, 1000000 at most, or "none".'],
    [['client', 'set-limits', 'a', '--daily-quota', '1.5'], '--daily-quota must be a number above 0'],
    [['suppression', 'add', 'a', 'b'], '"b" is not one email address'],
    [['client', 'set-keys', 'a'], 'FILE is missing.'],
    [['signing-key', 'create', '--alg', 'HS256'], '--alg must be RS256, ES256, EdDSA.'],
    [['signing-key', 'ensure'], 'FILE is missing.'],
    [['key', 'create', '--scope', 'email'], 'CLIENT is missing.'],
    [['key', 'create', 'a', '--alg', 'RS256'], '--alg is for signing-key create.'],
    [['key', 'create', 'a', '--scope', 'root'], 'There is no scope "root", only: basic email emails:send.'],
    [['key', 'create', 'a', '--name', ''], 'NAME may have 100 characters.'],
    [['key', 'create', 'a', '--expires-in', '0'], 'DAYS must be a whole number from 1 to 3650.'],
    [['key', 'revoke', 're_x'], 'ID must be an id that key list shows.'],
    [['migrate', 'now'], '"now" is one word too many.'],
  ])('%j: status 2 and the usage of that command', async (args, reason) => {
    const { exitCode, output, complaint } = await run(args);
    expect([exitCode, output]).toEqual([2, undefined]);
    expect(complaint?.split('\n')[0]).toContain(reason);
    const usages = complaint?.match(/^ {2}\S.*$/gm);
    expect(usages).toHaveLength(1);
    expect(usages?.[0]).toContain(args[0] === 'migrate' ? 'migrate' : `${args[0]} ${args[1]} `);
  });

  it.each([[[]], [['clients']], [['client']], [['client', 'remove', 'a']]])(
    '%j: status 2 and what there is',
    async (args) => {
      const { exitCode, complaint } = await run(args);
      expect(exitCode).toBe(2);
      expect(complaint).toContain(
        "  client create NAME [--sender SENDER]… [--any-sender] [--scope 'basic email'] [--secret SECRET] [--secret-file FILE] [--keys FILE]\n",
      );
    },
  );

  it.each([[['help']], [['--help']], [['client', 'create', '-h']]])('%j is help, and no failure', async (args) => {
    const { exitCode, output } = await run(args);
    expect(exitCode).toBe(0);
    expect(output).toContain('  signing-key create [--alg RS256|ES256|EdDSA]\n');
  });
});

describe('a failure', () => {
  it.each([
    ['DATABASE_URL is not set', '', /^DATABASE_URL is not set; it has the form postgres:\/\/\S+$/],
    ['DATABASE_URL is none', 'localhost', /^DATABASE_URL is no URL of a PostgreSQL database; .*$/],
  ])('is one line: %s', async (_, databaseUrl, complaint) => {
    for (const args of [['client', 'list'], ['migrate']]) {
      expect(await run(args, databaseUrl)).toEqual({ exitCode: 1, complaint: expect.stringMatching(complaint) });
    }
  });

  it('is one line: the database is away', async () => {
    const url = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`;
    expect(await run(['client', 'list'], url)).toEqual({
      exitCode: 1,
      complaint: 'The database that DATABASE_URL names cannot be reached (ECONNREFUSED).',
    });
  });

  it('is one line: the tables are not there', async () => {
    const url = new URL(database.url);
    url.pathname = '/template1';
    expect(await run(['client', 'list'], url.href)).toEqual({
      exitCode: 1,
      complaint: 'The database has no tables yet: run the command migrate first.',
    });
  });
});

describe('the bundle', () => {
  const bundle = (...args: string[]) =>
    spawnSync(process.execPath, [join(inject('bundles'), 'admin', 'index.mjs'), ...args], {
      cwd: directory,
      env: { DATABASE_URL: database.url },
      encoding: 'utf8',
    });

  it('finds its migrations from any folder', () => {
    expect(bundle('migrate')).toMatchObject({ status: 0, stdout: 'The database is up to date\n' });
  });

  it('prints keys alone on standard output, and usage on standard error', () => {
    const created = bundle('signing-key', 'create', '--alg', 'ES256');
    expect(parseSigningKeys(created.stdout)).toHaveLength(1);
    expect(created.stderr).toBe('');
    const usage = { status: 2, stdout: '', stderr: expect.stringContaining('signing-key ensure FILE') };
    expect(bundle('signing-key')).toMatchObject(usage);
  });
});
