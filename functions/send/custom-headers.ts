// Headers that callers add to a message: which names they may not set, what a value may be.
import * as v from 'valibot';
import { stringMap } from '../../lib/http/size-limits.ts';
import { hasEncodedWord } from '../../lib/mail/encoded-words.ts';
import { fitsLines, headerField, mostOfLine } from '../../lib/mail/header-fields.ts';
import { encodedWordFault, isOneLine } from './header-text.ts';
import { oneClick, unsubscribeAddresses } from './unsubscribe.ts';

const maxHeaders = 50;

/**
 * Headers that fields of the request, we, or servers on the way set. A caller who could set them, too, could contradict the
 * envelope, forge the trace or a verdict, or break the message's structure.
 */
const reserved = new Set([
  ...['from', 'to', 'cc', 'bcc', 'sender', 'reply-to', 'subject', 'date', 'message-id', 'mime-version'],
  ...[
    'return-path',
    'received',
    'received-spf',
    'authentication-results',
    'delivered-to',
    'envelope-to',
    'apparently-to',
  ],
  ...['x-original-to', 'x-envelope-from', 'x-envelope-to', 'errors-to', 'domainkey-signature', 'tls-required'],
]);
const reservedPrefixes = ['content-', 'dkim-', 'arc-', 'resent-', 'x-arc-', 'x-google-dkim-', 'original-'];

export function isReserved(name: string): boolean {
  const lower = name.toLowerCase();
  return reserved.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix));
}

const headerName = /^[A-Za-z][A-Za-z0-9-]{0,75}$/;

/** What is wrong with a header; undefined if nothing is. */
export function headerFault(name: string, value: string): string | undefined {
  if (!headerName.test(name)) return 'is not a header name: a letter, then up to 75 letters, digits and hyphens';
  if (isReserved(name)) return 'is a header that callers may not set';
  if (!isOneLine(value)) return 'must not have line breaks or other control characters';
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  if (hasEncodedWord(value)) return encodedWordFault;
  if (value.trim() === '') return 'must not be empty';
  if (name.length + 2 + Buffer.byteLength(value) > mostOfLine)
    return `may have ${mostOfLine} bytes at most, name included`;
  if (!fitsLines(headerField(name, value)))
    return `has a part that becomes longer than a line (${mostOfLine} bytes) when it is encoded`;
  switch (name.toLowerCase()) {
    case 'list-unsubscribe':
      return unsubscribeAddresses(value) === undefined
        ? 'must be one or more of <https://…> or <mailto:…>, separated by commas'
        : undefined;
    case 'list-unsubscribe-post':
      return value === oneClick ? undefined : `must be ${oneClick} (RFC 8058)`;
    default:
      return undefined;
  }
}

export const CustomHeaders = v.pipe(
  stringMap(maxHeaders, headerFault, { name: headerName, maxLength: mostOfLine }),
  v.check(
    (headers) => new Set(Object.keys(headers).map((name) => name.toLowerCase())).size === Object.keys(headers).length,
    'must not name a header twice',
  ),
  v.check((headers) => {
    if (headerValue(headers, 'list-unsubscribe-post') === undefined) return true;
    const addresses = unsubscribeAddresses(headerValue(headers, 'list-unsubscribe') ?? '') ?? [];
    return addresses.filter((address) => address.startsWith('https:')).length === 1;
  }, 'with List-Unsubscribe-Post must have a List-Unsubscribe with one https address (RFC 8058)'),
);

/** The value of a header whose name is given in lower case. */
export function headerValue(headers: Record<string, string>, lowerName: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === lowerName)?.[1];
}
