// Brings docker-compose.yml up for real, goes the way of an email through port 80, restarts it and takes it down: `npm run check:compose`.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, portIsFree } from '../local/ports.ts';
import { check, results, timed } from './checks.ts';
import { type Container, composeProject, findEngine } from './compose.ts';

const functions = ['token', 'send', 'consume', 'dispatch', 'history', 'manage', 'notify', 'intake', 'console'];
const stores = ['postgres', 'rabbitmq', 'mailbox', 'gateway'];
const jobs = ['secrets', 'migrate', 'roles'];
/** As the original had it. */
const original = {
  email: 'sender@example.com',
  name: 'Sender',
  to_name: 'Receiver',
  to_email: 'receiver@example.com',
  subject: 'Hello from Docker',
};

/** The stand-in for RabbitMQ's image, whose first process is a shell, does not hear SIGTERM; the real one needs no such end. */
const soon = ['--timeout', '40'];

const [mailboxPort = 0, rabbitmqPort = 0, otherPort = 0, tlsPort = 0] = await freePorts(4);
const port = (await portIsFree(80)) ? 80 : otherPort;
const api = port === 80 ? 'http://localhost' : `http://localhost:${port}`;
const mailbox = `http://127.0.0.1:${mailboxPort}`;

const engine = await findEngine();
const compose = composeProject('email-api-check', {
  ...engine.env,
  HTTP_PORT: String(port),
  HTTPS_PORT: String(tlsPort),
  PUBLIC_URL: api,
  MAILBOX_PORT: String(mailboxPort),
  RABBITMQ_PORT: String(rabbitmqPort),
  SMTP_URL: '',
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => takeDown().finally(() => process.exit(1)));
}
try {
  // A run before this one may have been cut off.
  await takeDown();
  await check('the check comes to its end', story);
  if (results().failed > 0) console.log(await compose.run('logs', '--no-color', '--tail', '20'));
} finally {
  await takeDown();
  engine.release();
}
const { passed, failed } = results();
console.log(`docker-compose.yml: ${passed} ok, ${failed} not ok`);
process.exitCode = failed === 0 ? 0 : 1;

async function story(): Promise<void> {
  await timed('built', () => compose.run('build', '--quiet'));
  await timed('up', up);
  await health();
  await confinement();

  const secret = await check('the operator makes a client', createClient);
  const token = await check(`a token from ${api}/authorize`, () => authorize(secret ?? ''));
  const way = `an email through ${api}/send arrives in the mailbox, and its history tells every step`;
  const id = await check(way, () => deliver(token ?? ''));
  await gateway(token ?? '');

  await timed('restarted', () => compose.run('restart', ...soon).then(up));
  await isKept('restart', token ?? '', id ?? '');

  await timed('stopped', () => compose.run('stop', ...soon));
  await endings();
  await timed('down and up again', () => compose.run('down', ...soon).then(up));
  await isKept('down and up', token ?? '', id ?? '');
}

/** Detached, and waits until everything is healthy. */
function up(): Promise<string> {
  return compose.run('up', '--detach', '--wait', '--wait-timeout', '400');
}

function takeDown(): Promise<string> {
  return compose.run('--profile', 'admin', 'down', '--volumes', '--remove-orphans', '--rmi', 'local', ...soon);
}

async function health(): Promise<void> {
  const containers = await compose.containers();
  for (const name of [...functions, ...stores]) {
    await check(`${name} is healthy`, () => {
      const { state, health } = find(containers, name);
      assert.deepEqual({ state, health }, { state: 'running', health: 'healthy' });
    });
  }
  for (const name of jobs) {
    await check(`${name} has done its work`, () => {
      const { state, exitCode } = find(containers, name);
      assert.deepEqual({ state, exitCode }, { state: 'exited', exitCode: 0 });
    });
  }
}

async function confinement(): Promise<void> {
  const containers = await compose.containers();
  for (const name of [...functions, ...stores]) {
    await check(`${name} is not root`, async () => {
      const status = await compose.exec(find(containers, name), 'own', 'cat', '/proc/1/status');
      const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
      assert.ok(uids.length === 4 && !uids.includes('0'), `process 1 has the user ids ${uids}`);
    });
    await check(`${name} has a read-only root file system`, async () => {
      const container = find(containers, name);
      assert.equal(container.readOnly, true);
      assert.match(await compose.exec(container, 'root', 'touch', '/usr/written'), /Read-only file system/);
    });
    await check(`${name} is given no capability that is not named, and no secret in its environment`, () => {
      const { capDrop, env } = find(containers, name);
      assert.deepEqual(capDrop, ['ALL']);
      // The prefix of API keys is none.
      const secrets = env.filter((entry) => /:\/\/[^/]*:[^/]*@|(PASS|SECRET|KEYS?)\w*=(?!\/run\/|re_$)/.test(entry));
      assert.deepEqual(secrets, []);
    });
  }
  for (const name of functions.filter((each) => each !== 'console')) {
    await check(`${name} knows its own role of the database, and no other`, async () => {
      const container = find(containers, name);
      const url = await compose.exec(container, 'own', 'cat', '/run/database/url');
      assert.match(url, new RegExp(`^postgres://email_${name}:[0-9a-f]{48}@postgres:5432/email\\n$`));
      assert.equal(await compose.exec(container, 'own', 'ls', '-A', '/run/database'), 'password\nurl\n');
    });
  }
  const beside: Record<string, string[]> = {
    console: ['site'],
    send: ['thread.mjs'],
    consume: ['thread.mjs'],
    manage: ['thread.mjs'],
  };
  for (const name of functions) {
    await check(`the image of ${name} holds its bundle and nothing else`, async () => {
      const files = await compose.exec(find(containers, name), 'own', 'ls', '-A', '/app');
      assert.equal(files.trim(), ['index.mjs', ...(beside[name] ?? [])].join('\n'));
    });
  }
}

async function gateway(token: string): Promise<void> {
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    await check(`the gateway has nothing at ${path}`, async () => problem(await fetch(api + path), 404));
  }
  await check('a wrong method reaches the function, which says so', async () => {
    const response = await fetch(`${api}/send`);
    assert.equal(response.headers.get('allow'), 'POST');
    await problem(response, 405);
  });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  // The first is for send to refuse, the second for the gateway.
  for (const size of [41_000_000, 60_000_000]) {
    await check(`a body of ${size} bytes is refused in our form`, async () => {
      await problem(await fetch(`${api}/send`, { method: 'POST', headers, body: Buffer.alloc(size, ' ') }), 413);
    });
  }
  await compose.run('stop', 'send');
  await check('that a function is away is told in our form', async () => {
    const response = await fetch(`${api}/send`, { method: 'POST' });
    assert.equal(response.headers.get('retry-after'), '1');
    await problem(response, 503);
  });
  await compose.run('start', 'send');
  await check('the log of the gateway holds no token', async () => {
    const log = await compose.run('logs', '--no-color', 'gateway');
    assert.match(log, /"uri":"\/send"/);
    // Answers ask for one: `Bearer realm=…`.
    assert.doesNotMatch(log, /Bearer (?!realm)|eyJ/);
  });
}

async function endings(): Promise<void> {
  const containers = await compose.containers();
  for (const name of [...functions, 'gateway']) {
    await check(`${name} ended by itself, with status 0`, () => {
      const { state, exitCode } = find(containers, name);
      assert.deepEqual({ state, exitCode }, { state: 'exited', exitCode: 0 });
    });
  }
}

async function isKept(event: string, token: string, id: string): Promise<void> {
  await check(`after ${event}, the history is there and the old token is good`, async () => {
    const email = await read(token, id);
    assert.deepEqual(stepsOf(email), ['accepted', 'attempt', 'sent']);
  });
  await check(`after ${event}, the next email arrives`, () => deliver(token));
}

async function createClient(): Promise<string> {
  const shown = await compose.run('run', '--rm', '-T', 'admin', 'client', 'create', 'check', '--any-sender');
  return /secret: (\S+)/.exec(shown)?.[1] ?? assert.fail(`no secret was shown: ${shown}`);
}

async function authorize(client_secret: string): Promise<string> {
  const response = await post('/authorize', { grant_type: 'client_credentials', client_id: 'check', client_secret });
  const { access_token } = await answerOf<{ access_token: string }>(response, 200);
  return access_token;
}

/** Sends the original's body, and waits until its history says `sent` and the mailbox has it; returns its id. */
async function deliver(token: string): Promise<string> {
  const response = await post('/send', original, { authorization: `Bearer ${token}` });
  const { id, message } = await answerOf<{ id: string; message: string }>(response, 202);
  assert.equal(message, 'Start Queue Email');
  const email = await sent(token, id);
  assert.deepEqual(stepsOf(email), ['accepted', 'attempt', 'sent']);
  const inbox = await answerOf<{ messageId: string; subject: string }[]>(await fetch(`${mailbox}/email`), 200);
  const arrived = inbox.find(({ messageId }) => email.message_id.includes(messageId));
  assert.equal(arrived?.subject, original.subject);
  return id;
}

interface Email {
  status: string;
  message_id: string;
  events: { type: string }[];
}

async function sent(token: string, id: string): Promise<Email> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const email = await read(token, id);
    if (email.status === 'sent') return email;
    if (Date.now() > deadline) assert.fail(`still not sent: ${JSON.stringify(email)}`);
    await sleep(100);
  }
}

async function read(token: string, id: string): Promise<Email> {
  return answerOf(await fetch(`${api}/emails/${id}`, { headers: { authorization: `Bearer ${token}` } }), 200);
}

function stepsOf({ events }: Email): string[] {
  return events.map(({ type }) => type);
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const json = { 'content-type': 'application/json', ...headers };
  return fetch(api + path, { method: 'POST', headers: json, body: JSON.stringify(body) });
}

async function answerOf<Body>(response: Response, status: number): Promise<Body> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

async function problem(response: Response, status: number): Promise<void> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const body = await answerOf<{ status: number; title: string; detail: string }>(response, status);
  assert.equal(body.status, status);
  assert.ok(body.title && body.detail);
}

function find(containers: Map<string, Container>, service: string): Container {
  return containers.get(service) ?? assert.fail(`there is no container of ${service}`);
}
