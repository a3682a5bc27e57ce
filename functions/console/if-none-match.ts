// Whether a client has the present bytes already.

/** RFC 9110 §13.1.2: weakly compared, so that what a proxy has compressed is still known. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
