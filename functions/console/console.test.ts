// The console function over HTTP: what it serves is whole, compressed where a client takes that, and loads nothing from elsewhere.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json, type RunningFunction, startFunction } from '../../infra/test/functions.ts';

let console: RunningFunction;
beforeAll(async () => {
  console = await startFunction('console', {});
});
afterAll(() => console?.stop());

interface Answer {
  status: number | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** As the bytes travel: `fetch` would ask for compression by itself, and undo it. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(console.url + path, { method, headers }, async (response) => {
      const body = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    asked.on('error', reject).end();
  });
}

const pages = ['/docs', '/docs/guides', '/docs/guides/getting-started'];

/** What a page loads, each as the path that a browser asks for. */
function loadedBy(path: string, page: string): string[] {
  const loads = [...page.matchAll(/<(?:script|link|img|iframe)\b[^>]*?\s(?:src|href)="([^"]*)"/g)].map(
    ([, to]) => to ?? '',
  );
  return loads.filter((to) => !to.startsWith('data:')).map((to) => new URL(to, `http://api.test${path}`).href);
}

async function assetsOf(path: string): Promise<string[]> {
  const loaded = loadedBy(path, (await get(path)).body.toString());
  return loaded.map((url) => url.replace('http://api.test', ''));
}

describe.each(pages)('%s', (path) => {
  it('is a page that may do little, and that loads its own files alone', async () => {
    const { status, headers, body } = await get(path);
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]),
    );
    const sources = policy.flatMap((directive) => directive.split(' ').slice(1));
    expect(sources.filter((source) => !["'none'", "'self'", 'data:', "'unsafe-inline'"].includes(source))).toEqual([]);
    expect(policy.filter((directive) => directive.includes('unsafe'))).toEqual(
      path === '/docs' ? ["style-src 'self' 'unsafe-inline'"] : [],
    );
    const loaded = loadedBy(path, body.toString());
    expect(loaded.length).toBeGreaterThan(0);
    for (const url of loaded) expect(url).toMatch(/^http:\/\/api\.test\/docs\/assets\//);
    expect(body.toString()).not.toMatch(/<script(?![^>]*(src=|type="application\/json"))|\son\w+="|\sstyle="/);
  });

  it('links to what is there', async () => {
    const page = (await get(path)).body.toString();
    const links = [...page.matchAll(/<a\b[^>]*?\shref="([^"#]+)/g)].map(
      ([, to]) => new URL(to ?? '', `http://api.test${path}`),
    );
    const ours = links.filter(({ host }) => host === 'api.test').map(({ pathname }) => pathname);
    expect(ours).toEqual(expect.arrayContaining(['/docs', '/docs/guides', '/openapi.json']));
    for (const to of new Set(ours)) expect({ to, status: (await get(to)).status }).toEqual({ to, status: 200 });
  });

  it('has files that are the same in every encoding, and that are kept for good', async () => {
    for (const asset of await assetsOf(path)) {
      const [plain, br, gzip] = await Promise.all(
        ['identity', 'gzip, br', 'gzip'].map((encoding) => get(asset, { 'accept-encoding': encoding })),
      );
      expect(plain?.headers['content-encoding']).toBeUndefined();
      expect(br?.headers['content-encoding']).toBe('br');
      expect(gzip?.headers['content-encoding']).toBe('gzip');
      expect(brotliDecompressSync(br?.body ?? '').equals(plain?.body ?? Buffer.alloc(0))).toBe(true);
      expect(gunzipSync(gzip?.body ?? '').equals(plain?.body ?? Buffer.alloc(0))).toBe(true);
      for (const answer of [plain, br, gzip]) {
        expect(answer?.headers).toMatchObject({
          'cache-control': 'public, max-age=31536000, immutable',
          'content-type': expect.stringMatching(/^text\/(css|javascript); charset=utf-8$/),
          'x-content-type-options': 'nosniff',
          vary: 'accept-encoding',
          'content-length': String(answer?.body.length),
        });
      }
      expect(new Set([plain, br, gzip].map((answer) => answer?.headers.etag)).size).toBe(3);
    }
  });
});

describe.each([...pages, '/openapi.json'])('%s', (path) => {
  it.each(['identity', 'br'])('is not sent again to who has it (%s)', async (encoding) => {
    const { etag = '' } = (await get(path, { 'accept-encoding': encoding })).headers;
    const again = await get(path, { 'accept-encoding': encoding, 'if-none-match': `"x", W/${etag}` });
    expect({ status: again.status, etag: again.headers.etag, bytes: again.body.length }).toEqual({
      status: 304,
      etag,
      bytes: 0,
    });
    expect((await get(path, { 'accept-encoding': encoding, 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('answers HEAD with the headers of GET, and no other method', async () => {
    const [got, head] = await Promise.all([get(path), get(path, {}, 'HEAD')]);
    const { date: _, 'x-request-id': __, ...headers } = got.headers;
    expect(head).toMatchObject({ status: 200, headers });
    expect(head.body.length).toBe(0);
    const posted = await fetch(console.url + path, { method: 'POST', body: 'x' });
    expect({ status: posted.status, allow: posted.headers.get('allow') }).toEqual({
      ...{ status: 405, allow: 'GET, HEAD, OPTIONS' },
    });
    expect(await json(posted)).toMatchObject({ name: 'method_not_allowed' });
  });
});

it('serves the OpenAPI document that is committed', async () => {
  const { headers, body } = await get('/openapi.json');
  expect(headers['content-type']).toBe('application/json');
  expect(JSON.parse(body.toString())).toEqual(JSON.parse(readFileSync('functions/console/openapi.json', 'utf8')));
});

it.each([
  '/docs/',
  '/docs/guides/nope',
  '/docs/guides/..%2fsite.json',
  '/docs/assets/site.json',
  '/docs/assets/../site.json',
  '/docs/guides/__proto__',
])('has nothing at %s, and says so in our form', async (path) => {
  const { status, headers, body } = await get(path);
  expect({ status, type: headers['content-type'] }).toEqual({ status: 404, type: 'application/problem+json' });
  expect(JSON.parse(body.toString())).toMatchObject({ name: 'not_found', statusCode: 404 });
});
