// What hosts leave of a request's body, and where they mount a function, on servers that are theirs.
import { once } from 'node:events';
import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../process/log.ts';
import { createMetrics } from '../process/metrics.ts';
import { ApiError } from './errors.ts';
import { hostFunction } from './host.ts';
import type { HostRequest } from './left-body.ts';

const large = Buffer.alloc(900_000, 0xfe);
const types = ['application/json', 'application/x-www-form-urlencoded'];
const echo = {
  types,
  parse: (bytes: Buffer) => bytes,
};
let underWay = 0;
let mostUnderWay = 0;
const logged: string[] = [];
const { handler } = hostFunction<'write', { clientId: string }>({
  name: 'echo',
  log: createLog('echo', 'error', (line) => logged.push(line)),
  metrics: createMetrics('echo'),
  maxBodyBytes: 100_000,
  dependencies: undefined,
  async authenticate({ authorization }) {
    if (authorization === undefined) throw new ApiError('missing_token', 'No token.');
    return { clientId: 'a' };
  },
  routes: {
    echo: {
      method: 'POST',
      path: '/echo',
      scope: 'write',
      body: echo,
      async handle({ body }) {
        return {
          status: 200,
          headers: { 'content-type': 'application/octet-stream', location: '/things/7' },
          body: body as Buffer,
        };
      },
    },
    turn: {
      method: 'GET',
      path: '/turn',
      async handle() {
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return { status: 200, body: 'turn' };
      },
    },
    large: { method: 'GET', path: '/large', handle: async () => ({ status: 200, body: large }) },
    roomy: {
      method: 'GET',
      path: '/roomy',
      async handle({ makeRoom }) {
        // All that there is.
        await makeRoom(1e15);
        return { status: 200, body: large };
      },
    },
    nothing: { method: 'DELETE', path: '/echo', handle: async () => ({ status: 204 }) },
  },
  ready: {},
  close: async () => {},
});
const answer = handler as unknown as RequestListener;

const read = async (request: IncomingMessage) => Buffer.concat(await request.toArray());
/** What hosts do before they call the function. */
const hosts: Record<string, (request: HostRequest) => Promise<void>> = {
  'leaves the stream': async () => {},
  'puts the bytes into rawBody, and more into body': async (request) => {
    request.rawBody = await read(request);
    request.body = { other: true };
  },
  'puts text into rawBody': async (request) => {
    request.rawBody = (await read(request)).toString();
  },
  'puts the bytes into body': async (request) => {
    request.body = await read(request);
  },
  'puts bytes that are no Buffer into body': async (request) => {
    request.body = new Uint8Array(await read(request));
  },
  'puts text into body': async (request) => {
    request.body = (await read(request)).toString();
  },
  'puts what it parsed into body': async (request) => {
    request.body = JSON.parse((await read(request)).toString() || '{}');
  },
  'puts an empty object into body and reads nothing': async (request) => {
    request.body = {};
  },
};

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(before: (request: HostRequest, response: ServerResponse) => Promise<void>): Promise<string> {
  const server: Server = createServer(async (request, response) => {
    await before(request, response);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const authorization = 'Bearer x';
const post = (url: string, body: string, contentType = 'application/json') =>
  fetch(`${url}/echo`, { method: 'POST', headers: { authorization, 'content-type': contentType }, body });

describe.each(Object.entries(hosts))('a host that %s', (name, before) => {
  it('has the body arrive as it was sent', async () => {
    const url = await serve(before);
    const text = JSON.stringify({ text: 'Grüße 日本 \u{1f600}', list: [1, null, true], inner: { empty: {} } });
    expect(await (await post(url, text)).text()).toBe(text);
    expect(await (await post(url, '{}')).text()).toBe('{}');
  });

  it('has its bounds kept, and whoever may not come in refused', async () => {
    const url = await serve(before);
    const tooLarge = await post(url, JSON.stringify({ text: 'x'.repeat(100_000) }));
    expect([tooLarge.status, tooLarge.headers.get('content-type')]).toEqual([413, 'application/problem+json']);
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/echo`, { method: 'POST', headers, body: '{}' })).status).toBe(401);
  });

  it('has requests without a body answered, and what is not there', async () => {
    const url = await serve(before);
    expect(Buffer.from(await (await fetch(`${url}/large`)).arrayBuffer()).equals(large)).toBe(true);
    const head = await fetch(`${url}/large`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '900000', '']);
    expect((await fetch(`${url}/echo`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${url}/nope`)).status).toBe(404);
    const refused = await fetch(`${url}/echo`);
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST, DELETE']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(name).toBeDefined();
  });
});

describe('what was parsed is written again', () => {
  const parsed = hosts['puts what it parsed into body'] ?? (async () => {});

  it.each([
    ['a number that became infinite', '{"a":[1e400]}', 'too large'],
    ['a value that is too deep', `${'['.repeat(45_000)}${']'.repeat(45_000)}`, 'nested too deep'],
  ])('but not %s', async (_what, body, message) => {
    const refused = await post(await serve(parsed), body);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain(message);
  });

  it('as a form where it was one, with what stood there twice', async () => {
    const form = (body: unknown) =>
      serve(async (request) => {
        await read(request);
        request.body = body;
      });
    const type = 'application/x-www-form-urlencoded';
    const twice = await form({ scope: ['a b', 'c'], id: 'x&y', of: { inner: '1' } });
    expect(await (await post(twice, 'any', type)).text()).toBe('scope=a+b&scope=c&id=x%26y&of%5Binner%5D=1');
  });
});

it('says that it is the host where the body was read and nothing is left of it', async () => {
  const url = await serve(async (request) => void (await read(request)));
  const answered = await post(url, '{"a":1}');
  expect(await answered.json()).toMatchObject({ status: 500, name: 'internal_server_error' });
  expect(logged.join('')).toContain('The host has read the request body');
});

it('refuses by the headers alone, before a byte of the body has come', async () => {
  const url = await serve(async () => {});
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n');
  await vi.waitFor(() => expect(text).toContain('HTTP/1.1 401'), { timeout: 10_000 });
  socket.destroy();
});

it('has one request of a connection under way', async () => {
  mostUnderWay = 0;
  const url = await serve(async () => {});
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.write('GET /turn HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50));
  await vi.waitFor(() => expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(50), { timeout: 10_000 });
  socket.destroy();
  expect(mostUnderWay).toBe(1);
});

/** As hosts of events have it: what is written to the connection is kept, and nothing else of it works. */
async function askByEvent(url: string): Promise<{ status: number; bytes: number }> {
  const nothing = () => {};
  const request = new IncomingMessage({ remoteAddress: '203.0.113.6', destroy: nothing } as unknown as Socket);
  Object.assign(request, { method: 'GET', url, headers: {}, complete: true, httpVersionMajor: '1' });
  const response = new ServerResponse(request);
  let bytes = 0;
  const write = (data: string | Buffer, encoding: unknown, written?: () => void) => {
    bytes += Buffer.isBuffer(data) ? data.length : 0;
    const call = typeof encoding === 'function' ? encoding : written;
    call?.();
  };
  const looks = { write, _writableState: {}, writable: true, on: nothing, removeListener: nothing, destroy: nothing };
  response.assignSocket({ ...looks, cork: nothing, uncork: nothing } as unknown as Socket);
  const finished = once(response, 'finish');
  answer(request, response);
  await finished;
  return { status: response.statusCode, bytes };
}

it('writes a large answer where there is no connection, and gives back the memory that it took', async () => {
  for (const _ of [1, 2, 3]) expect(await askByEvent('/roomy')).toEqual({ status: 200, bytes: large.length });
});

it('names paths as the host that mounted it does', async () => {
  const url = await serve(async (request) => {
    Object.assign(request, { originalUrl: request.url, url: request.url?.replace(/^\/mail/, '') || '/' });
  });
  const echoed = await post(`${url}/mail`, '{}');
  expect([echoed.status, echoed.headers.get('location')]).toEqual([200, '/mail/things/7']);
  expect(await (await fetch(`${url}/mail/nope?a=b`)).json()).toMatchObject({ instance: '/mail/nope' });
  expect(await (await fetch(`${url}/mail`)).json()).toMatchObject({ status: 404, instance: '/mail/' });
});

it('takes HTTP/2, where no header says that a body follows', async () => {
  const server = createHttp2Server((request, response) =>
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  ).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  servers.push(session);
  const ask = async (headers: Record<string, string>, body?: string) => {
    const stream = session.request(headers);
    const responded = once(stream, 'response');
    stream.end(body);
    const [{ ':status': status }] = await responded;
    return { status, body: Buffer.concat(await stream.toArray()) };
  };
  const headers = { ':method': 'POST', ':path': '/echo', authorization, 'content-type': 'application/json' };
  expect(await ask(headers, '{"a":1}')).toEqual({ status: 200, body: Buffer.from('{"a":1}') });
  expect((await ask(headers, JSON.stringify({ text: 'x'.repeat(100_000) }))).status).toBe(413);
  expect((await ask({ ':path': '/large' })).body.equals(large)).toBe(true);
  expect((await ask({ ':path': '/nope' })).status).toBe(404);
});
