import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort, loopback } from './ports.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { processesIn } from './process-table.ts';

const directory = mkdtempSync(join(tmpdir(), 'local-postgres-'));
const log = () => {};
let port: number;
let running: Postgres | undefined;

beforeAll(async () => {
  port = await freePort();
});
afterAll(async () => {
  await running?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const start = async () => {
  running = await startPostgres({ directory, port, log });
  return running;
};

async function query(text: string, url = running?.url ?? '') {
  const sql = postgres(url, { max: 1 });
  try {
    return (await sql.unsafe(text)).map((row) => Object.values(row)[0]);
  } finally {
    await sql.end();
  }
}

test('keeps its data over a restart, durably, behind a password, and leaves no process', async () => {
  const { url } = await start();
  await query('CREATE TABLE kept (word text)');
  await query("INSERT INTO kept VALUES ('still here')");
  expect(await query('SHOW fsync')).toEqual(['on']);
  expect(await query('SHOW synchronous_commit')).toEqual(['on']);
  await expect(query('SELECT 1', url.replace(/:[^:@]+@/, ':wrong@'))).rejects.toThrow('password authentication failed');

  await running?.stop();
  expect(processesIn(directory)).toEqual([]);

  expect((await start()).url).toBe(url);
  expect(await query('SELECT word FROM kept')).toEqual(['still here']);
});

test('starts again when the machine left a pid file whose number is now another program', async () => {
  await running?.stop();
  const lines = [String(process.pid), join(directory, 'data'), '0', String(port), '', '', '', 'ready   '];
  writeFileSync(join(directory, 'data', 'postmaster.pid'), `${lines.join('\n')}\n`);
  await start();
  expect(await query('SELECT 1')).toEqual([1]);
});

test('starts again at once after a SIGKILL of the server', async () => {
  const pidFile = join(directory, 'data', 'postmaster.pid');
  process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 'SIGKILL');
  await start();
  expect(await query('SELECT word FROM kept')).toEqual(['still here']);
});

test.runIf(process.platform === 'linux')('ends when the process that started it is killed', async () => {
  await running?.stop();
  const starter = `import { startPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)};
    await startPostgres({ directory: ${JSON.stringify(directory)}, port: ${port}, log() {} });
    console.log('started');`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(processesIn(directory)).toEqual([]), { timeout: 60_000 });
});

test('says which port is taken', async () => {
  const server = createServer();
  const taken = await freePort();
  await new Promise<void>((listening) => server.listen(taken, loopback, listening));
  const attempt = startPostgres({ directory, port: taken, log });
  await expect(attempt).rejects.toThrow(`PostgreSQL cannot start: port ${taken} is taken`);
  await new Promise((closed) => server.close(closed));
});

test('quotes its last lines when it does not start', async () => {
  const attempt = startPostgres({ directory, port, log, flags: ['-c', 'shared_buffers=nonsense'] });
  await expect(attempt).rejects.toThrow(/PostgreSQL ended at once(.|\n)*shared_buffers/);
});
