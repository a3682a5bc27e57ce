// The files that the build made: infra/site/build.ts writes the folder, and `site.json` in it says what answers which path.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Encoding } from '../../lib/http/accept-encoding.ts';

export interface SiteFile {
  /** Its name in the folder; compressed forms have `.<encoding>` behind it. */
  name: string;
  encodings: readonly Encoding[];
  /** Of its bytes before compression. */
  hash: string;
  /** Its `Cache-Control`. */
  cache: string;
  /** Its media type and, for a page, what the page may do. */
  headers: Record<string, string>;
}

/** By path. */
export type SiteIndex = Record<string, SiteFile>;

export interface Site {
  find(path: string): SiteFile | undefined;
  read(file: SiteFile, encoding: Encoding | undefined): Promise<Buffer>;
}

/** Reads the index at once, so that a folder that is not whole stops the start, and each file when it is first asked for. */
export function openSite(directory: URL): Site {
  const index: SiteIndex = JSON.parse(readFileSync(new URL('site.json', directory), 'utf8'));
  const files = new Map(Object.entries(index));
  const contents = new Map<string, Promise<Buffer>>();
  return {
    find: (path) => files.get(path),
    read({ name }, encoding) {
      const wanted = encoding ? `${name}.${encoding}` : name;
      const known = contents.get(wanted);
      if (known) return known;
      const read = readFile(new URL(wanted, directory));
      contents.set(wanted, read);
      // What could not be read is tried again.
      read.catch(() => contents.delete(wanted));
      return read;
    },
  };
}
