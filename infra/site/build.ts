// Writes what the console function serves: the OpenAPI document, the pages, and what they load, compressed and by path.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { SiteFile, SiteIndex } from '../../functions/console/site.ts';
import { type Encoding, encodings } from '../../lib/http/accept-encoding.ts';
import { readGuides } from './guides.ts';
import { type Assets, guidePage, guidesPage, pageHeaders, referenceHeaders, referencePage } from './pages.ts';

const documentFile = fileURLToPath(new URL('../../functions/console/openapi.json', import.meta.url));
const styleFile = fileURLToPath(new URL('site.css', import.meta.url));
/** The browser build of @scalar/api-reference, which this package carries without the 270 packages that it was made of. */
const scalarFile = join(
  dirname(createRequire(import.meta.url).resolve('@scalar/fastify-api-reference')),
  'js/standalone.js',
);

/** What keeps its path changes with a release and is asked for anew; what has its hash in its path never changes. */
const lasting = { document: 'public, max-age=300', page: 'no-cache', asset: 'public, max-age=31536000, immutable' };

/** A smaller file gains nothing. */
const leastCompressed = 1_000;

const compress: Record<Encoding, (bytes: Buffer) => Promise<Buffer>> = {
  // The best two levels take ten times as long, for a tenth.
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

export async function buildSite(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const index: SiteIndex = {};

  async function add(path: string, name: string, bytes: Buffer, file: Pick<SiteFile, 'cache' | 'headers'>) {
    const smaller = bytes.length < leastCompressed ? [] : encodings;
    index[path] = { name, encodings: smaller, hash: hashOf(bytes), ...file };
    await Promise.all([
      writeFile(join(directory, name), bytes),
      ...smaller.map(async (encoding) =>
        writeFile(join(directory, `${name}.${encoding}`), await compress[encoding](bytes)),
      ),
    ]);
  }

  /** Gives its path from the root of the API. */
  async function addAsset(base: string, extension: 'js' | 'css', bytes: Buffer): Promise<string> {
    const name = `${base}-${hashOf(bytes)}.${extension}`;
    const type = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' }[extension];
    const headers = { 'content-type': type, 'x-content-type-options': 'nosniff' };
    await add(`/docs/assets/${name}`, name, bytes, { cache: lasting.asset, headers });
    return `docs/assets/${name}`;
  }

  const addPage = (path: string, name: string, page: string, headers: Record<string, string>) =>
    add(path, `${name}.html`, Buffer.from(page), { cache: lasting.page, headers });

  const [script, style, document, guides] = await Promise.all([
    readFile(scalarFile),
    readFile(styleFile),
    readFile(documentFile, 'utf8'),
    readGuides(),
  ]);
  const assets: Assets = {
    script: await addAsset('scalar', 'js', script),
    style: await addAsset('site', 'css', style),
  };
  const json = JSON.parse(document);
  await add('/openapi.json', 'openapi.json', Buffer.from(JSON.stringify(json)), {
    cache: lasting.document,
    headers: { 'content-type': 'application/json' },
  });
  const { title } = json.info;
  await addPage('/docs', 'docs', referencePage({ title, assets }), referenceHeaders);
  await addPage('/docs/guides', 'guides', guidesPage({ title, assets, guides }), pageHeaders);
  for (const guide of guides) {
    const page = guidePage({ title, assets, guides, guide });
    await addPage(`/docs/guides/${guide.name}`, `guide-${guide.name}`, page, pageHeaders);
  }
  await writeFile(join(directory, 'site.json'), JSON.stringify(index));
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}
