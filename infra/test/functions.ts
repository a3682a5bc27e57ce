// Runs the built bundles as processes of their own, as containers do.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { inject } from 'vitest';
import { type Child, startChild } from '../local/child.ts';
import { functionRoles } from '../local/function-roles.ts';
import { freePort } from '../local/ports.ts';
import { brokers } from './brokers.ts';

export type FunctionName =
  | 'token'
  | 'send'
  | 'consume'
  | 'dispatch'
  | 'history'
  | 'manage'
  | 'notify'
  | 'intake'
  | 'console';

export interface RunningFunction {
  url: string;
  /** Its log lines so far. */
  lines: Record<string, unknown>[];
  child: Child;
  /** SIGTERM; fails unless it ends with status 0. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export const issuer = 'http://api.example.test';
export const exampleClient = { client_id: 'myawesomeapp', client_secret: 'abc123', scope: 'basic email' };

/** The broker of this test file: the files that run at the same time have others. */
export function brokerUrl(): string {
  const url = inject('amqpUrls')[(Number(process.env.VITEST_POOL_ID) - 1) % brokers];
  if (url === undefined) throw new Error('no broker for this worker');
  return url;
}

type Settings = Record<string, string>;
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
export type Json = any;

/** The same database, as the role of a function: what its DATABASE_URL is in every test. */
export function asRole(name: FunctionName, databaseUrl: string): string {
  return functionRoles(rolesFile()).urlOf(name, databaseUrl);
}

/** Passwords of the functions' roles, which global-setup.ts has made. */
export function rolesFile(): string {
  return join(inject('workDirectory'), 'roles');
}

/** The parsed body of an answer. */
export function json(response: Response): Promise<Json> {
  return response.json();
}

/** Starts one function, as its own role of the database, and waits until it is ready (`until: 'up'` does not wait for its services). `env` goes before all else. */
export async function startFunction(
  name: FunctionName,
  settings: Settings,
  { until = 'ready', port, env = {} }: { until?: 'ready' | 'up'; port?: number; env?: Settings } = {},
): Promise<RunningFunction> {
  const chosenPort = port ?? (await freePort());
  const url = `http://127.0.0.1:${chosenPort}`;
  const lines: Record<string, unknown>[] = [];
  const { DATABASE_URL } = settings;
  const child = startChild({
    name,
    command: process.execPath,
    args: [join(inject('bundles'), name, 'index.mjs')],
    env: {
      NODE_ENV: 'production',
      ISSUER: issuer,
      ...settings,
      ...(DATABASE_URL && { DATABASE_URL: asRole(name, DATABASE_URL) }),
      PORT: String(chosenPort),
      HOST: '127.0.0.1',
      ...env,
    },
    stopWithin: 30_000,
    log: (line) => lines.push(line.startsWith('{') ? JSON.parse(line) : { level: 'raw', message: line }),
  });
  await child.until(() => answersOk(`${url}/${until === 'ready' ? 'readyz' : 'healthz'}`));
  return {
    url,
    lines,
    child,
    async stop() {
      await child.stop();
      const how = await child.exited;
      if (how !== 'exit code 0')
        throw new Error(`${name} ended with ${how}:\n${lines.map((line) => JSON.stringify(line)).join('\n')}`);
    },
    kill: child.kill,
  };
}

export interface Api {
  functions: Record<FunctionName, RunningFunction>;
  /** A token of the example client. */
  token: string;
  /** `POST /send` with the example client's token. */
  send(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** `GET` of the history function, parsed. */
  read(path: string): Promise<Json>;
  stop(): Promise<void>;
}

export interface ApiOptions {
  databaseUrl: string;
  smtpUrl: string;
  amqpUrl?: string;
  /** Further settings, for all functions. */
  settings?: Settings;
  /** Functions that few tests need, started where asked for. */
  also?: readonly FunctionName[];
  /** Ready, unless the test is about what they are not ready for. */
  until?: 'ready' | 'up';
}

/** Those without which no email is sent and read. */
const always = ['token', 'send', 'consume', 'dispatch', 'history'] as const;

/** Starts functions on one database, with the original's example client. */
export async function startApi({
  databaseUrl,
  smtpUrl,
  amqpUrl = brokerUrl(),
  settings = {},
  also = [],
  until = 'ready',
}: ApiOptions): Promise<Api> {
  const keys = join(inject('workDirectory'), 'signing-keys.json');
  const { client_id, client_secret, scope } = exampleClient;
  admin(databaseUrl, 'client', 'ensure', '--demo', client_id, '--secret', client_secret, '--scope', scope);

  const tokenPort = await freePort();
  const common = {
    DATABASE_URL: databaseUrl,
    AMQP_URL: amqpUrl,
    SMTP_URL: smtpUrl,
    SIGNING_KEYS_FILE: keys,
    JWKS_URL: `http://127.0.0.1:${tokenPort}/.well-known/jwks.json`,
    ...settings,
  };
  const started = await Promise.all(
    [...always, ...also].map(async (name) => {
      const running = await startFunction(name, common, { until, ...(name === 'token' && { port: tokenPort }) });
      return [name, running] as const;
    }),
  );
  const functions = Object.fromEntries(started) as Record<FunctionName, RunningFunction>;
  const { token, send, history } = functions;
  const accessToken = await getToken(token.url);
  return {
    functions,
    token: accessToken,
    async send(body, headers = {}) {
      await seeWhatClosed();
      return fetch(`${send.url}/send`, {
        method: 'POST',
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    },
    async read(path) {
      await seeWhatClosed();
      return json(await fetch(history.url + path, { headers: { authorization: `Bearer ${accessToken}` } }));
    },
    async stop() {
      const results = await Promise.allSettled(Object.values(functions).map((running) => running.stop()));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
  };
}

export async function getToken(tokenUrl: string, client = exampleClient): Promise<string> {
  await seeWhatClosed();
  const response = await fetch(`${tokenUrl}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', ...client }),
  });
  const body = await json(response);
  if (response.status !== 200) throw new Error(`No token: ${response.status} ${JSON.stringify(body)}`);
  return body.access_token;
}

/** Runs the operator's command. */
export function admin(databaseUrl: string, ...args: string[]): string {
  return adminReading(undefined, databaseUrl, ...args);
}

/** The same with `input` on its standard input. */
export function adminReading(input: string | undefined, databaseUrl: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(inject('bundles'), 'admin', 'index.mjs'), ...args],
    {
      env: { ...process.env, DATABASE_URL: databaseUrl },
      encoding: 'utf8',
      ...(input !== undefined && { input }),
    },
  );
  if (status !== 0) throw new Error(`admin ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Asks again until `condition` gives a value that is not undefined or false. */
export async function eventually<Value>(
  condition: () => Promise<Value | undefined | false>,
  withinMs = 60_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  await seeWhatClosed();
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
    await setTimeout(25);
  }
}

/** Operator's commands hold up this process, on a slow machine for longer than connections are kept: `fetch` must not take one that is closed. */
export async function seeWhatClosed(): Promise<void> {
  // One turn of the event loop, whole.
  await setImmediate();
  await setImmediate();
}

async function answersOk(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
