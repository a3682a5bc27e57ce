// The routes of the console function: the OpenAPI document, its page, the guides, and what these load.
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import type { Route } from '../../lib/http/route.ts';
import { chooseEncoding } from './accept-encoding.ts';
import { isKnown } from './if-none-match.ts';
import type { Site } from './site.ts';

export interface ConsoleDependencies {
  site: Site;
}

const paths = ['/openapi.json', '/docs', '/docs/guides', '/docs/guides/{name}', '/docs/assets/{name}'];

export function createConsoleRoutes({ site }: ConsoleDependencies): Route[] {
  return paths.map((path) => ({ method: 'GET', path, handle }));

  /** Every path is one file of the site. */
  async function handle({ path, headers }: Request): Promise<Reply> {
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
}
