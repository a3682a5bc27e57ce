// One POST against real servers that behave badly, and against names that lead astray.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { expiredCertificate } from '../../infra/test/expired-certificate.ts';
import { webhookTargetSettings } from '../../lib/http/webhook-target.ts';
import { type PostOptions, post } from './post.ts';

const allowed = v.parse(webhookTargetSettings.WEBHOOK_ALLOWED_ADDRESSES, '127.0.0.1/32');
const nothing = v.parse(webhookTargetSettings.WEBHOOK_ALLOWED_ADDRESSES, '');
const open: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listening<Kind extends Server | TcpServer>(server: Kind): Promise<number> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
const serve = (answer: (request: IncomingMessage, response: ServerResponse) => void) => listening(createServer(answer));
const toPort = (port: number, options: Partial<PostOptions> = {}) =>
  post(`http://127.0.0.1:${port}/hook?key=7`, { 'webhook-id': 'a' }, '{"ü":1}', {
    timeoutMs: 60_000,
    allowed,
    ...options,
  });

describe('an answer', () => {
  it('is its status; the request is what was asked for', async () => {
    const seen: unknown[] = [];
    const port = await serve(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      seen.push({ method: request.method, url: request.url, body, ...request.headers });
      response.writeHead(204).end();
    });
    expect(await toPort(port)).toEqual({ status: 204, retryAfter: undefined });
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/hook?key=7',
        body: '{"ü":1}',
        host: `127.0.0.1:${port}`,
        connection: expect.any(String),
        'content-type': 'application/json',
        'content-length': '8',
        'user-agent': 'email-api webhooks',
        'webhook-id': 'a',
      },
    ]);
  });

  it('that is a redirect is not followed', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await toPort(port)).toMatchObject({ status: 307 });
    expect(asked).toBe(1);
  });

  it('that never ends is not waited for, and its connection goes', async () => {
    const gone = new Promise<number>((resolve) => {
      void serve((_request, response) => {
        let written = 0;
        const chunk = Buffer.alloc(65_536);
        const write = () => {
          while (!response.destroyed) {
            written += chunk.length;
            if (!response.write(chunk)) return response.once('drain', write);
          }
          return undefined;
        };
        response.on('close', () => resolve(written));
        response.writeHead(200);
        write();
      }).then(async (port) => expect(await toPort(port)).toMatchObject({ status: 200 }));
    });
    expect(await gone).toBeLessThan(20_000_000);
  });
});

describe('no answer', () => {
  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['in time', () => {}, /^no answer within 0.3 s$/],
    ['but a closed connection', (response) => response.destroy(), /^no answer \(ECONNRESET\)$/],
    [
      'but headers without end',
      (response) => response.writeHead(200, { x: 'x'.repeat(100_000) }).end(),
      /HPE_HEADER_OVERFLOW/,
    ],
  ])('%s', async (_what, answer, reason) => {
    const port = await serve((_request, response) => answer(response));
    // Only for the one that says nothing: the others say something at last, on a slow machine as well.
    const timeoutMs = reason.source.includes('within') ? 300 : 60_000;
    expect(await toPort(port, { timeoutMs })).toEqual({ reason: expect.stringMatching(reason) });
  });

  it('but a byte now and then: the time is for all of it', async () => {
    const port = await listening(
      createTcpServer((socket) => {
        const drip = setInterval(() => socket.write('H'), 50);
        socket.on('close', () => clearInterval(drip)).on('error', () => {});
        socket.write('HTTP/1.1 200 ');
      }),
    );
    expect(await toPort(port, { timeoutMs: 400 })).toEqual({ reason: 'no answer within 0.4 s' });
  });

  it('but another protocol', async () => {
    const says = (text: string) =>
      listening(
        createTcpServer((socket) =>
          socket
            .on('error', () => {})
            .resume()
            .write(text),
        ),
      );
    expect(await toPort(await says('220 smtp.example.com ESMTP\r\n'))).toEqual({
      reason: expect.stringMatching(/HPE_/),
    });
    const switching = await says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n');
    expect(await toPort(switching)).toEqual({ status: 101, retryAfter: undefined });
  });

  it('nobody listens', async () => {
    const port = await serve(() => {});
    const server = open.pop();
    server?.close();
    expect(await toPort(port)).toEqual({ reason: 'no answer (ECONNREFUSED)' });
  });

  it('a certificate that is not good', async () => {
    const port = await listening(createTlsServer(expiredCertificate, (_request, response) => response.end()));
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const posted = await post(`https://localhost:${port}/`, {}, '{}', { timeoutMs: 60_000, allowed, resolve });
    expect(posted).toEqual({ reason: expect.stringMatching(/CERT|SELF_SIGNED/) });
  });
});

describe('names that lead astray', () => {
  const resolvesTo = (...addresses: string[]) => ({
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    allowed: nothing,
    timeoutMs: 60_000,
  });
  const refused = { reason: 'the URL leads to an address that is not public' };

  it('a name that stands for a private address is not asked', async () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])
      expect(await post('https://name.test/', {}, '{}', resolvesTo(address))).toEqual(refused);
  });

  it('nor one of whose addresses any is', async () => {
    expect(await post('https://name.test/', {}, '{}', resolvesTo('1.1.1.1', '10.0.0.1'))).toEqual(refused);
    expect(await post('https://name.test/', {}, '{}', resolvesTo('10.0.0.1', '2606:4700::1111'))).toEqual(refused);
  });

  it('nor an address in the URL itself, whatever the system makes of it', async () => {
    expect(await post('https://2130706433/', {}, '{}', { allowed: nothing, timeoutMs: 60_000 })).toEqual(refused);
    expect(await post('https://[::1]/', {}, '{}', { allowed: nothing, timeoutMs: 60_000 })).toEqual(refused);
  });

  it('a name is looked up once: the connection goes to what was checked, though the name stands for another by then (DNS rebinding)', async () => {
    let lookups = 0;
    const resolve = async () => {
      lookups += 1;
      return [{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const port = await serve((request, response) =>
      response.writeHead(request.socket.localAddress === '127.0.0.1' ? 200 : 500).end(),
    );
    expect(await post(`http://name.test:${port}/`, {}, '{}', { resolve, allowed, timeoutMs: 60_000 })).toMatchObject({
      status: 200,
    });
    expect(lookups).toBe(1);
  });

  it('a name that nobody knows, or whose servers say nothing', async () => {
    const unknown = await post('https://no-such-name.test/', {}, '{}', { allowed: nothing, timeoutMs: 5_000 });
    expect(unknown).toEqual({ reason: expect.stringMatching(/^the host cannot be found|^no answer within/) });
    const resolve = () => new Promise<never>(() => {});
    expect(await post('https://name.test/', {}, '{}', { resolve, allowed: nothing, timeoutMs: 100 })).toEqual({
      reason: 'no answer within 0.1 s',
    });
  });
});
