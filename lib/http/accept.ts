// How well an answer fits what a request says that it takes: quality values (RFC 9110 §12.4.2) of media types and of encodings.
import { headerWithin } from './size-limits.ts';

/** Characters of such a header; browsers send some 150. A longer one says nothing. */
const maxHeader = 2_000;

export interface Fit {
  /** From 0, not at all, to 1. */
  quality: number;
  /** How exactly it was named: 0 not at all, 1 by `*`, 2 by `type/*`, 3 by its name. */
  exactness: number;
}

const anything: Fit = { quality: 1, exactness: 0 };
const nothing: Fit = { quality: 0, exactness: 0 };

/** How well a media type (`type/subtype`, lower case) fits an `Accept` header: the range that names it most exactly decides (§12.5.1). */
export function fitOfType(header: string | undefined, mediaType: string): Fit {
  const weights = weightsIn(header);
  if (weights === undefined) return anything;
  const [type] = mediaType.split('/', 1);
  const names = [mediaType, `${type}/*`, '*/*'];
  const found = names.findIndex((name) => weights.has(name));
  return found < 0 ? nothing : { quality: weights.get(names[found] ?? '') ?? 0, exactness: names.length - found };
}

/** What an `Accept-Encoding` header says of an encoding, 0 to 1; `identity` fits unless it is ruled out (§12.5.3). */
export function qualityOfEncoding(header: string | undefined, encoding: string): number {
  const weights = weightsIn(header) ?? new Map<string, number>();
  const isPlain = encoding === 'identity';
  const others = weights.get('*');
  // Named by nobody, it is as good as the worst that was: what was asked for by name comes first.
  return weights.get(encoding) ?? (isPlain && others !== 0 ? Number.MIN_VALUE : (others ?? 0));
}

/** Weight by name, lower case; undefined where there is no header. Of a name that comes twice, the first counts. */
function weightsIn(header: string | undefined): Map<string, number> | undefined {
  const text = headerWithin(header, maxHeader);
  if (text === undefined || text.trim() === '') return undefined;
  const weights = new Map<string, number>();
  for (const range of text.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== '' && !weights.has(name)) weights.set(name, weightOf(parameters));
  }
  return weights;
}

/** A weight that is none is taken as 1: it was named after all. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [, value] = /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(parameter) ?? [];
    if (value !== undefined) return Math.min(Number(value), 1);
  }
  return 1;
}
