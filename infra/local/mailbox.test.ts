import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { freePort, freePorts, loopback } from './ports.ts';
import { processesIn } from './process-table.ts';

const directory = mkdtempSync(join(tmpdir(), 'local-mailbox-'));
const log = () => {};
let smtpPort: number;
let webPort: number;
let running: Mailbox | undefined;

beforeAll(async () => {
  [smtpPort = 0, webPort = 0] = await freePorts(2);
});
afterAll(async () => {
  await running?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const start = async () => {
  running = await startMailbox({ directory, smtpPort, webPort, log });
};

async function subjects(): Promise<string[]> {
  const response = await fetch(`${running?.webUrl}/email`);
  return ((await response.json()) as { subject: string }[]).map(({ subject }) => subject);
}

test('shows an email, keeps it over a restart, and leaves no process', async () => {
  await start();
  const transport = createTransport(running?.smtpUrl);
  await transport.sendMail({ from: 'sender@example.com', to: 'receiver@example.com', subject: 'Hello', text: 'Hi' });
  transport.close();
  await expect.poll(subjects).toEqual(['Hello']);
  expect((await fetch(running?.webUrl ?? '')).headers.get('content-type')).toContain('text/html');

  await running?.stop();
  expect(processesIn(directory)).toEqual([]);

  await start();
  await expect.poll(subjects).toEqual(['Hello']);
});

test('is shown to no page but its own', async () => {
  const asks = (headers: Record<string, string>, method = 'GET') =>
    new Promise<IncomingMessage>((resolve, reject) => {
      request(`${running?.webUrl}/email`, { method, headers }, resolve).on('error', reject).end();
    });
  const own = `http://${loopback}:${webPort}`;
  const answer = await asks({ origin: own });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();

  expect((await asks({ origin: 'https://other.example.com' })).statusCode).toBe(403);
  expect((await asks({ origin: 'https://other.example.com' }, 'DELETE')).statusCode).toBe(403);
  expect((await asks({ host: `other.example.com:${webPort}` })).statusCode).toBe(403);
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64') };
  const socket = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asking = request(`${running?.webUrl}/socket.io/?EIO=4&transport=websocket`, { headers });
      asking.on('response', ({ statusCode }) => resolve(statusCode));
      asking.on('upgrade', (response, stream) => {
        stream.destroy();
        resolve(response.statusCode);
      });
      asking.on('error', reject).end();
    });
  expect(await socket({ ...upgrade, ...key, origin: own })).toBe(101);
  expect(await socket({ ...upgrade, ...key, origin: 'https://other.example.com' })).toBe(403);
  await expect.poll(subjects).toEqual(['Hello']);
});

test('says which port is taken', async () => {
  const server = createServer();
  const taken = await freePort();
  await new Promise<void>((listening) => server.listen(taken, loopback, listening));
  const attempt = startMailbox({
    directory: join(directory, 'other'),
    smtpPort: taken,
    webPort: await freePort(),
    log,
  });
  await expect(attempt).rejects.toThrow(`The mailbox (SMTP) cannot start: port ${taken} is taken`);
  await new Promise((closed) => server.close(closed));
});
