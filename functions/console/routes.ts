// The routes of the console function: the OpenAPI document, its page, the guides, and what these load.

import { chooseEncoding } from '../../lib/http/accept-encoding.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import { declare } from '../../lib/http/route.ts';
import { isKnown } from './if-none-match.ts';
import type { Site } from './site.ts';

export interface ConsoleDependencies {
  site: Site;
}

const route = declare<never, undefined, ConsoleDependencies>();

/** What the API's document tells of. */
export const referenceRoutes = {
  getDocument: route({ method: 'GET', path: '/openapi.json', anyOrigin: true, handle: readSite }),
  getReferencePage: route({ method: 'GET', path: '/docs', anyOrigin: true, handle: readSite }),
};

/** What the page links and loads: no operations of the API. */
const pageRoutes = {
  listGuides: route({ method: 'GET', path: '/docs/guides', anyOrigin: true, handle: readSite }),
  getGuide: route({ method: 'GET', path: '/docs/guides/{name}', anyOrigin: true, handle: readSite }),
  getAsset: route({ method: 'GET', path: '/docs/assets/{name}', anyOrigin: true, handle: readSite }),
};

export const consoleRoutes = { ...referenceRoutes, ...pageRoutes };

/** Every path is one file of the site. */
async function readSite({ path, headers }: Request, { site }: ConsoleDependencies): Promise<Reply> {
  const file = site.find(path);
  if (file === undefined) throw new ApiError('not_found', `There is no ${path} here.`);
  const encoding = chooseEncoding(headers['accept-encoding'], file.encodings);
  const common = {
    'cache-control': file.cache,
    // A tag names the bytes that travel, and those differ with the encoding (RFC 9110 §8.8.3.3).
    etag: `"${file.hash}${encoding ? `-${encoding}` : ''}"`,
    ...(file.encodings.length > 0 && { vary: 'accept-encoding' }),
  };
  if (isKnown(headers['if-none-match'], common.etag)) return { status: 304, headers: common };
  return {
    status: 200,
    headers: { ...file.headers, ...common, ...(encoding && { 'content-encoding': encoding }) },
    body: await site.read(file, encoding),
  };
}
