// Reads SMTP_URL: the relays in order of preference. A fault names the relay by its place and never repeats the URL, which may hold a password.
import { isIP } from 'node:net';

/** Where a relay is and how to talk to it. */
export interface RelayAddress {
  /** Host and port, as shown to people; a second account at the same relay gets `#2`. */
  name: string;
  host: string;
  port: number;
  /** TLS from the first byte (smtps). */
  secure: boolean;
  /** Refuse to go on without STARTTLS. */
  requireTLS: boolean;
  /** Stay in the clear even if STARTTLS is offered. */
  ignoreTLS: boolean;
  auth?: { user: string; pass: string };
  /** What we call ourselves in EHLO; the machine's host name where it is not set. */
  ehloName?: string;
  tls: { rejectUnauthorized?: boolean; servername?: string; minVersion?: TlsVersion };
}

const tlsVersions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
type TlsVersion = (typeof tlsVersions)[number];

/** A closed list, so that a misspelt `tls.rejectUnauthorised=false` is a fault. */
const parameters = ['requireTLS', 'ignoreTLS', 'name', 'tls.rejectUnauthorized', 'tls.servername', 'tls.minVersion'];

/** Without the white space and commas at its ends. */
function trimmed(text: string): string {
  const isSeparator = (character = '') => character === ',' || character.trim() === '';
  let [begin, end] = [0, text.length];
  while (begin < end && isSeparator(text[begin])) begin += 1;
  while (begin < end && isSeparator(text[end - 1])) end -= 1;
  return text.slice(begin, end);
}

/** Splits a list at white space or commas, but only where another URL begins: passwords may hold commas. */
export function parseRelayUrls(text: string): { relays: RelayAddress[]; faults: string[] } {
  const urls = trimmed(text).split(/(?<![\s,])[\s,]+(?=smtps?:\/\/)/i);
  const relays: RelayAddress[] = [];
  const faults: string[] = [];
  for (const [index, url] of urls.entries()) {
    const read = parseRelayUrl(url);
    if (typeof read === 'string') {
      faults.push(urls.length === 1 ? read : `relay ${index + 1} of ${urls.length} ${read}`);
      continue;
    }
    const namesakes = relays.filter(({ host, port }) => host === read.host && port === read.port).length;
    relays.push(namesakes === 0 ? read : { ...read, name: `${read.name}#${namesakes + 1}` });
  }
  return { relays, faults };
}

/** The relay, or what is wrong with the URL. */
function parseRelayUrl(text: string): RelayAddress | string {
  if (!URL.canParse(text)) return 'must be a URL such as smtps://user:password@smtp.example.com:465';
  const url = new URL(text);
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') return 'must begin with smtp:// or smtps://';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!/^[a-z0-9._-]+$/i.test(host) && isIP(host) !== 6) return 'has no usable host';
  if (url.pathname.length > 1 || url.hash) return 'has something after the host: encode /, ? and # in a password';
  const user = decode(url.username);
  const pass = decode(url.password);
  if (user === undefined || pass === undefined) return 'has a % in its user or password that is not encoded as %25';
  if ((user === '') !== (pass === '')) return 'must have both a user and a password, or neither';

  const unknown = [...url.searchParams.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined) return `has a parameter that is none of ${parameters.join(', ')}`;
  const parameter = (name: string) => url.searchParams.get(name) || undefined;
  const flags = ['requireTLS', 'ignoreTLS', 'tls.rejectUnauthorized'].map((name) => toBoolean(parameter(name)));
  if (flags.includes('neither'))
    return 'has a requireTLS, ignoreTLS or tls.rejectUnauthorized that is not true or false';
  const [requireTLS, ignoreTLS = false, rejectUnauthorized] = flags as (boolean | undefined)[];
  if (requireTLS && ignoreTLS) return 'has requireTLS and ignoreTLS, which exclude each other';
  const minVersion = tlsVersions.find((version) => version === parameter('tls.minVersion'));
  if (parameter('tls.minVersion') && !minVersion)
    return `has a tls.minVersion that is none of ${tlsVersions.join(', ')}`;

  const secure = url.protocol === 'smtps:';
  const port = Number(url.port) || (secure ? 465 : 587);
  const servername = parameter('tls.servername');
  const ehloName = parameter('name');
  return {
    name: isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`,
    host,
    port,
    secure,
    // A password is never sent in the clear unless the URL says so.
    requireTLS: requireTLS ?? (user !== '' && !secure && !ignoreTLS),
    ignoreTLS,
    ...(user !== '' && { auth: { user, pass } }),
    ...(ehloName !== undefined && { ehloName }),
    tls: {
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      ...(servername !== undefined && { servername }),
      ...(minVersion !== undefined && { minVersion }),
    },
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function toBoolean(text: string | undefined): boolean | undefined | 'neither' {
  if (text === undefined) return undefined;
  return text === 'true' || (text === 'false' ? false : 'neither');
}
