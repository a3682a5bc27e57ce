// Unsubscribing with one click (RFC 8058): the field `unsubscribe` and the two headers that it stands for.
import * as v from 'valibot';
import { strictObject } from '../../lib/http/strict-object.ts';
import { headerText } from './header-text.ts';

/** The only value that List-Unsubscribe-Post has. */
export const oneClick = 'List-Unsubscribe=One-Click';
/** Fits into one line of a header (RFC 5322 §2.1.1). */
const maxUrl = 900;
const urlMessage = 'must be an address such as https://example.com/unsubscribe?who=7; with one_click it must be https';

export const Unsubscribe = v.pipe(
  strictObject({
    url: headerText(maxUrl),
    one_click: v.optional(v.boolean('must be true or false'), true),
  }),
  v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }) => {
    // More than one address means that the text closed its angle brackets itself.
    const [url, ...others] = unsubscribeAddresses(`<${asciiUrl(input.url)}>`) ?? [];
    if (
      url !== undefined &&
      others.length === 0 &&
      url.length <= maxUrl &&
      (url.startsWith('https:') || !input.one_click)
    )
      return { url, one_click: input.one_click };
    addIssue({ message: urlMessage, path: [{ type: 'object', origin: 'value', input, key: 'url', value: input.url }] });
    return NEVER;
  }),
);

/** The headers of a checked `unsubscribe`. */
export function unsubscribeHeaders({ url, one_click }: v.InferOutput<typeof Unsubscribe>): Record<string, string> {
  return { 'List-Unsubscribe': `<${url}>`, ...(one_click && { 'List-Unsubscribe-Post': oneClick }) };
}

/** The addresses of a List-Unsubscribe header (RFC 2369); undefined if it is none. */
export function unsubscribeAddresses(value: string): string[] | undefined {
  const parts = value.trim().split('>');
  if (parts.length < 2 || parts.pop() !== '') return undefined;
  const addresses = parts.map((part, index) => {
    const [, address] = (index === 0 ? /^<([^<\s]+)$/ : /^,\s*<([^<\s]+)$/).exec(part.trimStart()) ?? [];
    return address ?? '';
  });
  return addresses.every((address) => /^(https?:\/\/|mailto:)[\x21-\x7e]+$/.test(address) && URL.canParse(address))
    ? addresses
    : undefined;
}

function asciiUrl(given: string): string {
  return URL.canParse(given) ? new URL(given).href : '';
}
