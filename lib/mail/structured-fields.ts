// Header fields with a syntax of their own: encoded words may stand in their phrases and comments alone (RFC 2047 §5).
import { normalizeAddress, normalizeDomain } from './address.ts';
import { encodedWords } from './encoded-words.ts';

/** Those of RFC 2369, 2919 and 8058 begin with `list-`. Any other field that is not named here is text, or JSON. */
const structured = new Set([
  // RFC 5322 §3.6.4, §3.6.5.
  ...['in-reply-to', 'references', 'keywords'],
  // Receipts (RFC 8098 §2) and where to answer.
  ...['disposition-notification-to', 'disposition-notification-options', 'return-receipt-to', 'x-confirm-reading-to'],
  ...['mail-followup-to', 'mail-reply-to', 'followup-to', 'abuse-reports-to', 'complaints-to', 'x-complaints-to'],
  ...['cfbl-address', 'cfbl-feedback-id', 'feedback-id', 'x-feedback-id', 'x-beenthere', 'x-loop', 'approved-by'],
  // Words and times: RFC 2156, 3834, 5064, 6710, 6758.
  ...['auto-submitted', 'precedence', 'importance', 'priority', 'x-priority', 'x-msmail-priority', 'sensitivity'],
  ...['x-auto-response-suppress', 'mt-priority', 'expires', 'expiry-date', 'reply-by', 'supersedes', 'obsoletes'],
  ...['archived-at', 'message-context', 'accept-language', 'autocrypt', 'openpgp', 'bimi-selector', 'x-entity-ref-id'],
]);

export function isStructured(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith('list-') || structured.has(lower);
}

/** Message ids, which some clients give without their brackets. */
export function withAngles(name: string, value: string): string {
  if (!/^(in-reply-to|references)$/i.test(name) || value.includes('<')) return value;
  return value.replace(/\S+/g, '<$&>');
}

/** A quoted string, what is in angle brackets, a comment, a separator, spaces, a word; or else one character. */
const parts = /"(?:[^"\\]|\\.)*"|<[^<>]*>|\((?:[^()\\]|\\.)*\)|[,;]|[ \t]+|[^\s",;()<>]+|./gsu;

/**
 * The value of a structured field in ASCII, where that can be: phrases and comments as encoded words, addresses of the web
 * percent-encoded, domains by IDNA. Left is a local part that is not ASCII: it needs SMTPUTF8 (RFC 6531).
 */
export function encodeStructured(name: string, value: string): string {
  let written = '';
  let phrase = '';
  const endPhrase = () => {
    written += encodedPhrase(phrase);
    phrase = '';
  };
  for (const [part] of withAngles(name, value).matchAll(parts)) {
    if (/^(<.*>|\(.+\)|[,;])$/s.test(part)) {
      endPhrase();
      written += part.startsWith('<')
        ? `<${encodedReference(part.slice(1, -1))}>`
        : part.startsWith('(')
          ? `(${encodedIfNeeded(part.slice(1, -1).replace(/\\(.)/gsu, '$1'), part.slice(1, -1))})`
          : part;
    } else phrase += part;
  }
  endPhrase();
  return written;
}

/** Words and quoted strings, with the spaces around them. */
function encodedPhrase(phrase: string): string {
  const words = phrase.trim();
  const begin = phrase.indexOf(words);
  const [before, after] = [phrase.slice(0, begin), phrase.slice(begin + words.length)];
  const address = /^[^\s"@]+@[^\s"@]+$/.test(words) ? normalizeAddress(words) : undefined;
  // A quoted string that does not end is left as it is; the next one is not looked for in it.
  const said = words.replace(/"((?:[^"\\]|\\.)*)("?)/gs, (all, quoted: string, end: string) =>
    end === '' ? all : quoted.replace(/\\(.)/gsu, '$1'),
  );
  return before + (address ?? encodedIfNeeded(said, words)) + after;
}

function encodedIfNeeded(said: string, written: string): string {
  return /[^\0-\x7f]/.test(written) ? encodedWords(said) : written;
}

/** What angle brackets hold: an address of the web or of mail, or the name of a list. */
function encodedReference(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  if (/^https?:/i.test(text) && URL.canParse(text)) return new URL(text).href;
  if (/^[a-z][a-z0-9+.-]*:/i.test(text))
    return text.replace(/[^\0-\x7f]+/g, (some) => encodeURIComponent(some.toWellFormed()));
  return normalizeAddress(text) ?? normalizeDomain(text) ?? text;
}
