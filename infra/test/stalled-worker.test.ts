// A worker that stands still between two replies of the relay: nothing is transmitted unless its lease surely holds, so there is one copy.
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from './database.ts';
import { eventually, json, startApi } from './functions.ts';
import { obliging, startScriptedSmtpServer } from './scripted-smtp-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const body = 'is transmitted once';
const forms = {
  small: { text: body },
  // Not composed before its turn, and sent as a stream.
  large: { text: body, attachments: [{ filename: 'a', content: Buffer.alloc(200_000).toString('base64') }] },
};

/** Accepts an email whose worker is stopped at `command` until `untilThen`; resolves with the email at its end and the copies. */
async function stalled(
  { command, leaseSeconds, form = 'small' }: { command: string; leaseSeconds: number; form?: keyof typeof forms },
  untilThen: (status: () => Promise<string>) => Promise<unknown>,
) {
  const database = await createTestDatabase();
  cleanups.push(database.drop);
  let stop = () => {};
  const isStopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let pid = 0;
  const smtp = await startScriptedSmtpServer((line) => {
    if (line.startsWith(command) && pid > 0) {
      process.kill(pid, 'SIGSTOP');
      pid = 0;
      stop();
    }
    return obliging(line);
  });
  cleanups.push(smtp.stop);
  const settings = { LEASE_SECONDS: String(leaseSeconds), DISPATCH_INTERVAL_SECONDS: '0.1' };
  const api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, settings });
  cleanups.push(api.stop);
  const worker = api.functions.consume.child.pid;
  pid = worker;
  const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', ...forms[form] };
  const { id } = await json(await api.send(good));
  await isStopped;
  try {
    await untilThen(async () => (await api.read(`/emails/${id}`)).status);
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  const email = await eventually(async () => {
    const seen = await api.read(`/emails/${id}`);
    return seen.finished_at !== null && seen;
  });
  return { email, copies: () => smtp.lines.filter((line) => line.includes(body)).length };
}

describe('a worker that stands still', () => {
  it.each<[string, keyof typeof forms]>([
    ['MAIL', 'small'],
    ['RCPT', 'small'],
    ['DATA', 'small'],
    ['DATA', 'large'],
  ])('at %s until its lease is over, %s email: one copy', async (command, form) => {
    const over = (status: () => Promise<string>) => eventually(async () => (await status()) !== 'sending');
    const { email, copies } = await stalled({ command, leaseSeconds: 1, form }, over);
    expect(email.status).toBe('sent');
    expect(copies()).toBe(1);
  });

  it('for more than half of its lease: the email is handed back, and the event says why', async () => {
    const { email, copies } = await stalled({ command: 'DATA', leaseSeconds: 6 }, () => setTimeout(3_800));
    expect(email.status).toBe('sent');
    expect(email.events).toContainEqual(expect.objectContaining({ reason: 'lease_uncertain' }));
    expect(copies()).toBe(1);
  });
});
