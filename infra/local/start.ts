// `npm start`: brings up the whole email API on this machine, says what to try, and leaves no process behind.
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSettings } from '../../lib/process/settings.ts';
import { killChildren, startChild } from './child.ts';
import { demoClientWorks, preparations } from './demo-client.ts';
import { enterFolder, type Folder } from './folder.ts';
import { functionRoles } from './function-roles.ts';
import { startFunctions } from './functions.ts';
import { startGateway } from './gateway.ts';
import { howToMakeAClient, instructions } from './instructions.ts';
import { startMailbox } from './mailbox.ts';
import { freePort, portIsFree } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitMq } from './rabbitmq.ts';
import { LocalSettings } from './settings.ts';
import { supervise } from './supervise.ts';

interface Stoppable {
  stop(): Promise<void>;
}

const startedAt = performance.now();
const settings = readSettings(LocalSettings, process.env);
const api = `http://localhost:${settings.PORT}`;
/** Nobody's database gets a client whose secret stands in a README. */
const isOurDatabase = settings.DATABASE_URL === undefined;
const mailbox = settings.SMTP_URL === undefined ? `http://localhost:${settings.MAILBOX_PORT}` : undefined;

/** What runs, in the order in which it is stopped: no new requests, then no new work, then what both stood on. */
const front: Stoppable[] = [];
const workers: Stoppable[] = [];
const services: Stoppable[] = [];

// The reader of our output may end (`npm start | head`); we go on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
// No child stays, whatever ends this process, even an unexpected `exit`.
process.once('exit', killChildren);
const stopAsked = untilStopAsked();
let folder: Folder | undefined;
try {
  await checkPublicPorts();
  folder = enterFolder(resolve('.local'));
  await Promise.race([bringUp(folder), stopAsked]);
  await stopAsked;
  console.log('\nStopping: requests and deliveries under way are finished first (Ctrl-C again to force) …');
} catch (error) {
  process.exitCode = 1;
  console.error(`\n${reasonOf(error)}`);
  if (folder) console.error('\nMore may be in .local/logs');
}
await takeDown();
if (folder) rmSync(urlsOf(folder), { force: true });
folder?.leave();
process.exit();

async function bringUp(folder: Folder): Promise<void> {
  console.log('Starting the email API on this machine …');
  const bundles = timed('bundles', buildBundles(folder));
  const reports = mailbox === undefined ? undefined : { port: await freePort(), secretFile: returnPathSecret(folder) };
  const [databaseUrl, amqpUrl, smtpUrl] = await Promise.all([
    settings.DATABASE_URL ?? timed('PostgreSQL', startDatabase(folder)),
    settings.AMQP_URL ?? timed('RabbitMQ', startBroker(folder)),
    settings.SMTP_URL ?? timed('mailbox', startMailboxPage(folder, reports?.port)),
    bundles,
  ]);
  const signingKeys = folder.path('signing-keys.json');
  // In a database of others, functions connect as it was said.
  const roles = isOurDatabase ? functionRoles(folder.path('roles')) : undefined;
  await timed('tables, key', prepare(folder, databaseUrl, { signingKeys, roles: roles?.file }));
  const databaseUrlOf = (name: string) => roles?.urlOf(name, databaseUrl) ?? databaseUrl;
  const { LOG_LEVEL: logLevel } = settings;
  const surroundings = { databaseUrlOf, amqpUrl, smtpUrl, issuer: api, signingKeys, reports, logLevel };
  const functions = await timed('functions', startFunctions(surroundings, folder, say));
  workers.push(functions);
  front.push(await startGateway({ port: settings.PORT, ports: functions.ports }));

  noteUrls(folder, { DATABASE_URL: databaseUrl, AMQP_URL: amqpUrl, SMTP_URL: smtpUrl });
  const hasDemo = isOurDatabase && (await demoClientWorks(api));
  console.log(`\nReady after ${secondsSince(startedAt)} s.${hasDemo ? ' Paste these, in order:' : ''}\n`);
  console.log(`${hasDemo ? instructions({ api, mailbox }) : howToMakeAClient(api)}\n`);
  console.log(`API      ${api}`);
  if (mailbox) console.log(`Mailbox  ${mailbox}`);
  console.log('Logs     .local/logs');
  console.log('\nCtrl-C stops everything; the data stays in .local');
}

async function takeDown(): Promise<void> {
  for (const group of [front, workers, services]) await Promise.all(group.map((part) => part.stop()));
}

async function checkPublicPorts(): Promise<void> {
  const wanted = { PORT: settings.PORT, ...(mailbox ? { MAILBOX_PORT: settings.MAILBOX_PORT } : {}) };
  if (wanted.PORT === wanted.MAILBOX_PORT) throw new Error(`PORT and MAILBOX_PORT are both ${wanted.PORT}`);
  const faults = await Promise.all(
    Object.entries(wanted).map(async ([name, port]) => {
      const example = port < 1024 ? port + 8000 : port - 1;
      const another = `choose another with ${name}, for example ${name}=${example} npm start`;
      try {
        return (await portIsFree(port)) ? [] : [`Port ${port} is taken: ${another}`];
      } catch {
        return [`Port ${port} may not be opened by this user: ${another}`];
      }
    }),
  );
  if (faults.flat().length > 0) throw new Error(faults.flat().join('\n'));
}

function buildBundles(folder: Folder): Promise<void> {
  return run('The build', ['--import', 'tsx', 'esbuild.config.ts'], folder.logOf('build'));
}

async function startDatabase(folder: Folder): Promise<string> {
  const options = { directory: folder.path('postgres'), port: await freePort(), log: folder.logOf('postgres') };
  const postgres = await supervise('PostgreSQL', () => startPostgres(options), say);
  services.push(postgres);
  return postgres.first.url;
}

async function startBroker(folder: Folder): Promise<string> {
  const options = { directory: folder.path('rabbitmq'), port: await freePort(), log: folder.logOf('rabbitmq') };
  const rabbitmq = await supervise('RabbitMQ', () => startRabbitMq({ ...options, notice: say }), say);
  services.push(rabbitmq);
  return rabbitmq.first.url;
}

async function startMailboxPage(folder: Folder, reportsPort: number | undefined): Promise<string> {
  const ports = { smtpPort: await freePort(), webPort: settings.MAILBOX_PORT };
  const options = {
    ...{ directory: folder.path('mailbox'), ...ports, log: folder.logOf('mailbox') },
    ...(reportsPort !== undefined && { reportsPort }),
  };
  const maildev = await supervise('The mailbox', () => startMailbox(options), say);
  services.push(maildev);
  return maildev.first.smtpUrl;
}

/** The secret of the macs in return paths, made at the first start. */
function returnPathSecret(folder: Folder): string {
  const file = folder.path('return-path-secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return file;
}

/** By the operator's own command, as on any other machine. */
async function prepare(
  folder: Folder,
  databaseUrl: string,
  files: { signingKeys: string; roles: string | undefined },
): Promise<void> {
  const log = folder.logOf('admin');
  const env = { DATABASE_URL: databaseUrl };
  for (const { command, input } of preparations(files)) {
    const args = ['dist/admin/index.mjs', ...command];
    await run(`The operator's command "${command[0]}"`, args, log, { env, ...(input !== undefined && { input }) });
  }
}

function run(
  name: string,
  args: string[],
  log: (line: string) => void,
  further: { env?: Record<string, string>; input?: string } = {},
) {
  return startChild({ name, command: process.execPath, args, log, ...further }).done();
}

function urlsOf(folder: Folder): string {
  return folder.path('services.env');
}

/** Notes the services' URLs for the operator's command, and for people who want to look inside. */
function noteUrls(folder: Folder, urls: Record<string, string>): void {
  const lines = Object.entries(urls).map(([name, url]) => `${name}=${url}\n`);
  writeFileSync(urlsOf(folder), lines.join(''), { mode: 0o600 });
}

async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const result = await work;
  say(`${what.padEnd(20)} ready, ${secondsSince(startedAt).padStart(4)} s`);
  return result;
}

function say(line: string): void {
  console.log(`  ${line}`);
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

/** Our own errors and the system's need no stack; any other error is a fault of this program, so its stack is printed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.constructor === Error ? undefined : error.stack) ?? error.message;
}

/** Fulfilled by the first signal; a second one ends everything at once. */
function untilStopAsked(): Promise<void> {
  // One Ctrl-C arrives up to three times: from the terminal, and handed on by npm and by tsx.
  const sameKeyPress = 1000;
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = () => {
      resolve();
      first ??= performance.now();
      if (performance.now() - first > sameKeyPress) process.exit(1);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    // A SIGTERM ends the shell between npm and us, but does not reach us; then nobody could stop us.
    const parent = process.ppid;
    const orphaned = () => process.ppid !== parent && resolve();
    if (process.env.npm_lifecycle_event === 'start') setInterval(orphaned, 250).unref();
  });
}
