// Attacks by request body, each by its name: what is refused is refused with its path, what is accepted does no harm on its way.
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processorMs } from './cost.ts';
import { type Api, type Json, json } from './functions.ts';
import type { TestSmtpServer } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  ground = await startWholeApi();
  ({ smtp, api } = ground);
});
afterAll(async () => {
  await ground?.stop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const file = { filename: 'a.txt', content: 'aGVsbG8=' };

async function refusal(body: unknown, headers: Record<string, string> = {}, path = '/send') {
  const response = await fetch(`${api.functions.send.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  const problem = await json(response);
  return { status: response.status, name: problem.name, paths: problem.errors?.map(({ path }: Json) => path) };
}

const invalid = (...paths: string[]) => ({ status: 422, name: 'validation_error', paths });

describe('header injection', () => {
  const evil = 'x\r\nBcc: victim@example.com';
  it.each<[string, object, string]>([
    ['in a custom header', { headers: { 'X-A': evil } }, 'headers.X-A'],
    ['in the name of one', { headers: { [evil]: 'x' } }, `headers.${evil}`],
    ['in a file name', { attachments: [{ ...file, filename: evil }] }, 'attachments[0].filename'],
    ['in content_type', { attachments: [{ ...file, content_type: evil }] }, 'attachments[0].content_type'],
    ['in content_id', { attachments: [{ ...file, content_id: evil }] }, 'attachments[0].content_id'],
    ['in unsubscribe', { unsubscribe: { url: `https://u.test/${evil}` } }, 'unsubscribe.url'],
    ['in a tag', { tags: [{ name: 'a', value: evil }] }, 'tags[0].value'],
    ['in metadata', { metadata: { a: evil } }, 'metadata.a'],
    ['in the subject', { subject: evil }, 'subject'],
    ['in a name', { reply_to: { email: 'r@example.com', name: evil } }, 'reply_to.name'],
    ['of a second sender', { headers: { fRom: 'ceo@example.com' } }, 'headers.fRom'],
    ['of a forged trace', { headers: { Received: 'from good.test' } }, 'headers.Received'],
    [
      'of a forged verdict',
      { headers: { 'ARC-Authentication-Results': 'pass' } },
      'headers.ARC-Authentication-Results',
    ],
    ['of another structure', { headers: { 'content-type': 'text/html' } }, 'headers.content-type'],
  ])('%s', async (_what, over, path) => {
    expect(await refusal({ ...good, ...over })).toEqual(invalid(path));
  });

  it('by encoded words, which readers decode', async () => {
    const encoded = '=?utf-8?Q?x=0D=0ABcc:_victim@example.com?=';
    const body = {
      ...good,
      subject: encoded,
      cc: { email: 'c@example.com', name: encoded },
      headers: { 'X-A': encoded },
      attachments: [{ ...file, filename: encoded }],
    };
    expect(await refusal(body)).toEqual(invalid('cc.name', 'subject', 'attachments[0].filename', 'headers.X-A'));
  });
});

describe('address smuggling', () => {
  it.each([
    ['a list in one string', 'b@example.com,victim@example.com'],
    ['a command', 'b@example.com>\r\nRCPT TO:<victim@example.com'],
    ['a quoted local part', '"b@example.com, victim"@example.com'],
    ['a name that is an address list', 'victim@example.com, B <b@example.com>'],
    ['a group', 'friends: b@example.com, victim@example.com;'],
    ['a route', '@evil.test:b@example.com'],
    ['a look-alike of the at sign', 'victim＠evil.test@example.com'],
    ['a null byte', 'b@example.com\0.evil.test'],
    ['a dot that is none', 'b@example。com/.evil.test'],
    ['an invisible character', 'b@exam\u200dple.com'],
  ])('%s', async (_what, to) => {
    expect(await refusal({ ...good, to: ['c@example.com', to] })).toEqual(invalid('to[1]'));
  });
});

describe('SSRF', () => {
  it.each(['path', 'href', 'url'])('by %s of an attachment', async (field) => {
    let asked = 0;
    const trap = createServer((_request, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const { port } = trap.address() as { port: number };
    for (const target of [`http://127.0.0.1:${port}/`, 'file:///etc/passwd', '/etc/passwd', 'data:text/plain,x']) {
      expect(await refusal({ ...good, attachments: [{ ...file, [field]: target }] })).toEqual(
        invalid(`attachments[0].${field}`),
      );
    }
    expect(asked).toBe(0);
    await new Promise((resolve) => trap.close(resolve));
  });

  it('by HTML that names files and addresses: it is handed on, nothing in it is fetched', async () => {
    const html = '<img src="file:///etc/passwd"><img src="cid:x"><img src="http://127.0.0.1:1/x.png">';
    const response = await api.send({ ...good, html }, { prefer: 'wait=30' });
    const { id } = await json(response);
    const parsed = await simpleParser(smtp.received.find(({ raw }) => raw.includes(id))?.raw ?? '');
    expect(parsed.html).toBe(html);
    expect(parsed.attachments).toEqual([]);
  });
});

describe('bombs', () => {
  const ofMegabytes = (count: number, unit: string) => unit.repeat((count * 1_000_000) / unit.length);

  it.each<[string, () => string, number, string]>([
    ['JSON half a million levels deep', () => `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 400, 'invalid_json'],
    [
      'a deep value of a field',
      () => `{"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
      400,
      'invalid_json',
    ],
    ['a million recipients', () => `{"to":[${ofMegabytes(3, '0,')}0]}`, 422, 'validation_error'],
    [
      '200,000 unknown fields',
      () => `{${Array.from({ length: 200_000 }, (_, n) => `"${n}":0`)}}`,
      422,
      'validation_error',
    ],
    [
      '200,000 headers',
      () => `{"headers":{${Array.from({ length: 200_000 }, (_, n) => `"${n}":0`)}}}`,
      422,
      'validation_error',
    ],
    ['a name of a field of 9 MB', () => `{"${ofMegabytes(9, 'x')}":0}`, 422, 'validation_error'],
    ['a million attachments', () => `{"attachments":[${ofMegabytes(3, '{},')}{}]}`, 422, 'validation_error'],
    [
      'base64 of 9 MB with a fault at its end',
      () => JSON.stringify({ ...good, attachments: [{ ...file, content: `${ofMegabytes(9, 'AAAA')}*===` }] }),
      422,
      'validation_error',
    ],
    [
      'base64 of more than a body may have',
      () => JSON.stringify({ ...good, attachments: [{ ...file, content: ofMegabytes(40.2, 'AAAA') }] }),
      413,
      'content_too_large',
    ],
  ])('%s', async (_what, body, status, name) => {
    const before = processorMs(api.functions.send.child.pid);
    const answer = await refusal(body());
    expect({ status: answer.status, name: answer.name }).toEqual({ status, name });
    expect(answer.paths?.length ?? 0).toBeLessThanOrEqual(110);
    expect(processorMs(api.functions.send.child.pid) - before).toBeLessThan(3_000);
  });

  it('the same in a batch', async () => {
    for (const validation of ['strict', 'permissive']) {
      const headers = { 'x-batch-validation': validation, 'idempotency-key': `bomb-${validation}` };
      expect(await refusal(`[${'['.repeat(100_000)}${']'.repeat(100_000)}]`, headers, '/send/batch')).toMatchObject({
        status: 400,
        name: 'invalid_json',
      });
    }
    expect(await refusal(`[${ofMegabytes(3, '0,')}0]`, {}, '/send/batch')).toEqual(invalid(''));
  });

  it('a body that grows when it is unpacked is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20));
    expect(await refusal(bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
    expect(await refusal(bomb)).toMatchObject({ status: 400 });
  });

  it('a body that never ends is cut off', async () => {
    const { port } = new URL(api.functions.send.url);
    const head = `POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n`;
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(head));
      socket.once('data', (chunk) => {
        socket.destroy();
        resolve(String(chunk));
      });
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('and the function is as well as before', async () => {
    expect((await api.send(good, { prefer: 'wait=30' })).status).toBe(200);
    expect(api.functions.send.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
