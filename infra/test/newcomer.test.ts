// A newcomer on Debian: an ordinary user, a fresh checkout, no RabbitMQ. `npm start` comes up, and `npm run admin` does what the papers say.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { type Account, accountFor } from '../local/account.ts';
import { type Child, startChild } from '../local/child.ts';
import { freePorts } from '../local/ports.ts';
import { pidIn, processesIn, untilNoneIn } from '../local/process-table.ts';
import { canFetch } from '../local/rabbitmq-packages.ts';
import { linesToPaste, programOf } from './paper-commands.ts';

/** Packages are fetched, and each command is a process of its own. */
const patience = 600_000;
/** Where Debian has RabbitMQ and Erlang: empty for the newcomer, and for nobody else. */
const hide =
  'for folder in /usr/lib/rabbitmq /usr/lib/erlang; do [ ! -d $folder ] || mount -t tmpfs none $folder; done';

const home = mkdtempSync(join(tmpdir(), 'newcomer-'));
const checkout = join(home, 'checkout');
const elsewhere = join(home, 'elsewhere');
let account: Account;
let ports: number[];
let running: Child | undefined;
const printed: string[] = [];

beforeAll(async () => {
  ports = await freePorts(2);
  const files = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const file of files.stdout.split('\0').filter((name) => name && existsSync(name)))
    cpSync(file, join(checkout, file));
  symlinkSync(resolve('node_modules'), join(checkout, 'node_modules'));
  mkdirSync(elsewhere);
});
afterAll(async () => {
  await stop();
  rmSync(home, { recursive: true, force: true });
});

/** As the newcomer would be found by `su`: another user, with nothing of our environment. */
function asNewcomer(words: string[]): { command: string; args: string[] } {
  const setpriv = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...account.privileges, '--'];
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
  const [port, mailboxPort] = ports;
  const env = ['-i', `HOME=${home}`, `PATH=${path}`, `PORT=${port}`, `MAILBOX_PORT=${mailboxPort}`];
  const script = `${hide}; exec setpriv "$@"`;
  const args = ['--mount', 'sh', '-c', script, 'sh', ...setpriv, 'env', ...env, ...words];
  return { command: 'unshare', args };
}

function shell(line: string, cwd = checkout) {
  const { command, args } = asNewcomer(['sh', '-c', line]);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  return { status, stdout, stderr };
}

async function stop() {
  const pid = pidIn(join(checkout, '.local/start.pid'));
  if (pid !== undefined) process.kill(pid, 'SIGINT');
  await running?.exited;
  await untilNoneIn(home);
}

/** Why this machine cannot be made one of a newcomer. */
function obstacle(): string | undefined {
  if (!canFetch()) return 'there is no apt here';
  if (process.getuid?.() !== 0) return 'only root can become another user';
  if (spawnSync('unshare', ['--mount', 'sh', '-c', hide]).status !== 0)
    return 'no namespace of mounts can be made here';
  return undefined;
}

async function start(context: TestContext): Promise<void> {
  running = startChild({
    name: 'npm start',
    ...asNewcomer(['npm', 'start']),
    cwd: checkout,
    log: (line) => printed.push(line),
  });
  const isReady = async () => printed.some((line) => line.startsWith('Ready'));
  await running.until(isReady, patience).catch((error: Error) => {
    const text = printed.join('\n');
    if (!text.includes('could not be fetched')) throw error;
    // What is said is what rabbitmq-packages.test.ts holds.
    context.skip(`apt reaches no packages: ${text}`);
  });
}

test('starts without root and without RabbitMQ; the operator finds it from anywhere', {
  timeout: patience,
}, async (context) => {
  const trouble = obstacle();
  if (trouble) context.skip(trouble);
  // As /home/name is on Debian; then the account needs no privilege to come here.
  chmodSync(home, 0o755);
  account = accountFor(home, '', resolve('node_modules/.bin/esbuild')) ?? { uid: 0, gid: 0, privileges: [] };
  expect(account.uid).not.toBe(0);
  chownSync(home, account.uid, account.gid);
  for (const path of spawnSync('find', [home], { encoding: 'utf8' }).stdout.trim().split('\n'))
    lchownSync(path, account.uid, account.gid);

  const before = shell('npm run -s admin -- client list');
  expect(before).toMatchObject({ status: 1, stderr: expect.stringMatching(/DATABASE_URL is not set.*npm start/) });
  await start(context);
  expect(printed.join('\n')).toContain("fetching Debian's packages");
  expect(processesIn(home).some((line) => line.includes('rabbitmq-packages/usr/lib/erlang'))).toBe(true);

  // What a newcomer pastes; the last one gives the functions new passwords.
  const lines = linesToPaste().toSorted((one, other) => Number(isLast(one.text)) - Number(isLast(other.text)));
  shell(
    'for name in token send consume dispatch history manage notify; do echo "$name=$(openssl rand -hex 24)"; done > roles',
  );
  const seen = new Set<string>();
  for (const { text } of lines) {
    const line = text.replace(programOf(text) ?? '', 'npm run -s admin --');
    if (seen.has(line)) continue;
    seen.add(line);
    const { status, stdout, stderr } = shell(line);
    // The newcomer has no such record in DNS.
    const isChecked = line.includes(' dkim check ');
    expect({ line, status, stderr: isChecked ? '' : stderr }).toEqual({ line, status: isChecked ? 1 : 0, stderr: '' });
    if (isChecked) expect(stdout + stderr).toContain('_domainkey');
  }

  // Files are where the operator is.
  const admin = `npm --prefix ${checkout} run -s admin --`;
  expect(shell(`${admin} signing-key public ../checkout/shop.json`, elsewhere)).toMatchObject({ status: 0 });
  expect(shell(`${admin} queue dead`, elsewhere).stdout).toContain('no dead letters');

  await stop();
  expect(processesIn(home)).toEqual([]);
  expect(shell(`${admin} queue dead`, elsewhere).stderr).toMatch(/AMQP_URL is not set.*npm start/);
});

const isLast = (text: string) => text.includes('database roles');
