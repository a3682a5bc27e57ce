// Look-ups against a real name server, which is silent about some names.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createResolve, type Resolve } from './resolve.ts';

let server: Socket;
let resolve: Resolve;

/** An A record 192.0.2.7 for names that begin with `known`, nothing else of them; no answer at all for `silent`; else no such name. */
function answer(query: Buffer): Buffer | undefined {
  const name = query.toString('latin1', 13, 13 + (query[12] ?? 0));
  if (name.startsWith('silent')) return undefined;
  const end = query.indexOf(0, 12) + 5;
  const isKnown = name.startsWith('known');
  const hasAddress = isKnown && query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(isKnown ? 0x8580 : 0x8583, 2);
  for (const [index, count] of [1, hasAddress ? 1 : 0, 0, 0].entries()) header.writeUInt16BE(count, 4 + 2 * index);
  const record = Buffer.from('c00c000100010000003c0004c0000207', 'hex');
  return Buffer.concat([header, query.subarray(12, end), ...(hasAddress ? [record] : [])]);
}

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (query, { port, address }) => {
    const reply = answer(query);
    if (reply) server.send(reply, port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const hostsFile = join(mkdtempSync(join(tmpdir(), 'hosts-')), 'hosts');
  writeFileSync(hostsFile, '# names of this house\n192.0.2.1 Printer printer.test # old\n2001:db8::1 printer\n');
  resolve = createResolve({ servers: [`127.0.0.1:${server.address().port}`], hostsFile });
});
afterAll(() => void server?.close());

describe('a host', () => {
  it.each([
    ['192.0.2.9', ['192.0.2.9']],
    ['2001:db8::9', ['2001:db8::9']],
    ['known.test', ['192.0.2.7']],
    ['known.test.', ['192.0.2.7']],
    ['printer', ['192.0.2.1', '2001:db8::1']],
    ['PRINTER.test', ['192.0.2.1']],
    ['localhost', ['127.0.0.1']],
    ['a.localhost.', ['127.0.0.1']],
  ])('%s is found', async (host, addresses) => {
    expect((await resolve(host)).map(({ address }) => address)).toEqual(addresses);
  });

  it('that does not exist is not', async () => {
    await expect(resolve('nobody.test')).rejects.toMatchObject({ code: 'ENOTFOUND', syscall: 'queryA' });
  });

  it('is found while a hundred silent names are waited for', async () => {
    let ended = 0;
    for (let index = 0; index < 100; index += 1)
      resolve(`silent${index}.test`).catch(() => {
        ended += 1;
      });
    expect(await resolve('known.test')).toEqual([{ address: '192.0.2.7', family: 4 }]);
    expect(ended).toBe(0);
  });
});
