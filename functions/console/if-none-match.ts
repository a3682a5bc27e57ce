// Whether a client has the present bytes already.
import { headerWithin } from '../../lib/http/size-limits.ts';

/** Characters of the header: some tags of ours, which have 24. */
const maxHeader = 1_500;

/** RFC 9110 §13.1.2: weakly compared, so that what a proxy has compressed is still known. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (headerWithin(ifNoneMatch, maxHeader) ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
