// Answers that nobody reads, at a real process with little memory for them: who holds its part waits, and what is cut off is given back.
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Api, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let api: Api;
let large: string;
const open: Socket[] = [];

beforeAll(async () => {
  // Room for 1.25 MB of answers: a larger one passes alone.
  ground = await startWholeApi({ settings: { BODY_MEMORY_BYTES: '10000000' } });
  ({ api } = ground);
  // More than the kernel takes of an answer that is not read.
  const text = 'x'.repeat(9_000_000);
  const email = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text };
  large = (await json(await api.send(email))).id;
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(() => ground?.stop());

/** Asks for the large email so often on one connection, and reads the first bytes alone. */
async function unread(times = 1): Promise<Socket> {
  const { hostname, port } = new URL(api.functions.history.url);
  const socket = connect(Number(port), hostname);
  open.push(socket);
  socket.on('error', () => {});
  const ask = `GET /emails/${large} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.token}\r\n\r\n`;
  socket.write(ask.repeat(times));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}
const get = (path: string) =>
  fetch(api.functions.history.url + path, { headers: { authorization: `Bearer ${api.token}` } });
const isStillOut = async (answer: Promise<unknown>) =>
  (await Promise.race([answer, setTimeout(1_000, 'out')])) === 'out';

it('a large one waits while another is not read, a small one does not, and it goes on once the other has gone', async () => {
  const holder = await unread();
  const second = get(`/emails/${large}`);
  expect(await isStillOut(second)).toBe(true);
  expect((await get('/emails?limit=1')).status).toBe(200);
  holder.destroy();
  expect((await json(await second)).text).toHaveLength(9_000_000);
});

it('one that is read gives its part back, on a connection that stays open', async () => {
  const holder = await unread();
  holder.resume();
  expect((await json(await get(`/emails/${large}`))).text).toHaveLength(9_000_000);
  expect(holder.destroyed).toBe(false);
});

it('several on one connection that is cut off give all of it back', async () => {
  for (let time = 0; time < 3; time += 1) {
    const holder = await unread(3);
    // Long enough for those behind the first one to have begun, if they did.
    await setTimeout(300);
    holder.destroy();
    // After 20 s in vain it would be 429.
    const next = await get(`/emails/${large}`);
    expect([next.status, (await next.arrayBuffer()).byteLength > 9_000_000]).toEqual([200, true]);
  }
});
