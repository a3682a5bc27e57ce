// Bodies and answers that are large, slow or in crumbs, at a real process with little memory for them.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, eventually, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let api: Api;
const open: Socket[] = [];

beforeAll(async () => {
  // Room for 3.75 MB of bodies that arrive: one client has half of it.
  ground = await startWholeApi({ settings: { BODY_MEMORY_BYTES: '10000000' } });
  ({ api } = ground);
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await ground?.stop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

/** A request whose body is `sent`, and does not end unless that is all of it. */
function begin(headers: string, sent: Buffer | string, path = '/send') {
  const { hostname, port } = new URL(api.functions.send.url);
  const socket = connect(Number(port), hostname);
  open.push(socket);
  let answer = '';
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
  });
  socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`);
  socket.write(sent);
  return { status: () => Number(answer.slice(9, 12)), answer: () => answer, closed, socket };
}

const bearer = () => `Authorization: Bearer ${api.token}`;
const chunked = (body: string, size: number) =>
  (body.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [])
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('')
    .concat('0\r\n\r\n');

describe('a body in chunks', () => {
  it('arrives whole, however its buffer has to grow', async () => {
    const text = 'x'.repeat(300_000);
    const request = begin(
      `${bearer()}\r\nTransfer-Encoding: chunked`,
      chunked(JSON.stringify({ ...good, text }), 10_000),
    );
    await eventually(async () => request.status() === 202);
    const id = JSON.parse(request.answer().split('\r\n\r\n')[1] ?? '').id;
    expect((await api.read(`/emails/${id}`)).text).toBe(text);
  });

  it('is refused when it is all crumbs, and its connection ended', async () => {
    const body = JSON.stringify({ ...good, text: 'x'.repeat(20_000) });
    const request = begin(`${bearer()}\r\nTransfer-Encoding: chunked`, chunked(body, 1));
    await request.closed;
    expect(request.status()).toBe(413);
  });
});

it('who holds its part waits, without a byte of it being read, and others do not', async () => {
  const length = 'Content-Length: 1500000';
  const half = Buffer.alloc(700_000, 0x20);
  const first = begin(`${bearer()}\r\n${length}`, half);
  const rest = Buffer.from(JSON.stringify(good).padStart(800_000));
  await eventually(async () => first.socket.bytesWritten > half.length);
  const second = begin(`${bearer()}\r\n${length}`, Buffer.concat([half, rest]));
  expect((await api.send(good)).status).toBe(202);
  // All of it has long come by then.
  await expect(eventually(async () => second.status() > 0, 2_000)).rejects.toThrow('not within');
  first.socket.write(rest);
  await eventually(async () => first.status() === 202 && second.status() === 202);
});

it('a body that comes too slowly is answered 408, and its connection ended', async () => {
  const request = begin(`${bearer()}\r\nContent-Length: 100000`, '{');
  await request.closed;
  expect(request.status()).toBe(408);
});

it('who shows no token is answered before the body has come', async () => {
  const request = begin('Content-Length: 10000000', '{');
  await eventually(async () => request.status() === 401);
  expect(request.answer()).toContain('www-authenticate');
});

it('large JSON is worked on in a thread: its faults, its key and its email are the same', async () => {
  const text = 'x'.repeat(200_000);
  const refused = await api.send({ ...good, to: 'nobody', text, sbject: 1 });
  expect(refused.status).toBe(422);
  expect((await json(refused)).errors.map(({ path }: { path: string }) => path)).toEqual(['to', 'sbject']);
  const headers = { 'idempotency-key': 'large' };
  const once = await json(await api.send({ ...good, text }, headers));
  const { text: _, ...others } = good;
  const again = await api.send({ text, ...others }, headers);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await json(again)).id).toBe(once.id);
  expect((await api.send({ ...good, text: `${text}!` }, headers)).status).toBe(409);
});
