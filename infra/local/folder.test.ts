import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { enterFolder, passable } from './folder.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'email-api-folder-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const modeOf = (...names: string[]) => statSync(join(directory, ...names)).mode & 0o777;

test('what an earlier start left open to others is closed, and so is what comes', async () => {
  for (const name of ['logs', 'mailbox', 'postgres', 'rabbitmq']) mkdirSync(join(directory, name));
  for (const name of ['signing-keys.json', 'urls.json', join('logs', 'send.log')]) {
    writeFileSync(join(directory, name), 'secret');
    chmodSync(join(directory, name), 0o644);
  }
  chmodSync(directory, 0o755);
  const folder = enterFolder(directory);
  folder.logOf('consume')('a line');
  await expect.poll(() => statSync(folder.path('logs', 'consume.log')).size).toBeGreaterThan(0);

  // Others may pass through to PostgreSQL's own, where it has another user, and list nothing.
  expect([modeOf(), modeOf('postgres')]).toEqual([passable, passable]);
  expect(passable & 0o066).toBe(0);
  for (const name of ['logs', 'mailbox', 'rabbitmq', 'pids']) expect([name, modeOf(name)]).toEqual([name, 0o700]);
  for (const name of ['signing-keys.json', 'urls.json', 'start.pid', 'logs/send.log', 'logs/consume.log'])
    expect([name, modeOf(name)]).toEqual([name, 0o600]);
  folder.leave();
});
