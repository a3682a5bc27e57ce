import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loopback } from './ports.ts';

const server = createServer();
let taken: number;

beforeAll(async () => {
  server.listen(0, loopback);
  await once(server, 'listening');
  const address = server.address();
  taken = address !== null && typeof address === 'object' ? address.port : 0;
});
afterAll(() => new Promise((closed) => server.close(closed)));

function start(env: Record<string, string>) {
  const args = ['--import', 'tsx', 'infra/local/start.ts'];
  const { status, stderr } = spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  return { status, stderr };
}

test('says which port is taken and how to choose another, without a stack trace', () => {
  const { status, stderr } = start({ PORT: String(taken), SMTP_URL: 'smtp://127.0.0.1:25' });
  expect(status).toBe(1);
  expect(stderr).toContain(`Port ${taken} is taken: choose another with PORT, for example PORT=`);
  expect(stderr).not.toContain('    at ');
});

test('names every fault in the settings at once', () => {
  const { status, stderr } = start({ PORT: 'x', MAILBOX_PORT: '99999', AMQP_URL: 'http://mq.test' });
  expect(status).toBe(1);
  for (const name of ['PORT', 'MAILBOX_PORT', 'AMQP_URL']) expect(stderr).toContain(`  ${name}: must be `);
});

test('needs two different ports', () => {
  const { status, stderr } = start({ PORT: '8099', MAILBOX_PORT: '8099' });
  expect({ status, stderr: stderr.trim() }).toEqual({ status: 1, stderr: 'PORT and MAILBOX_PORT are both 8099' });
});
