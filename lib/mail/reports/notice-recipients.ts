// Finds the recipients that a notice names, and what it says of each, by the rules of notice-rules.ts.
import { addressesIn } from './addresses.ts';
import { bounds } from './bounds.ts';
import { type Fields, field } from './fields.ts';
import { recipientRules } from './notice-rules.ts';

export interface NamedRecipient {
  recipient: string;
  /** What is said of it, the most certain first. */
  texts: string[];
}

/** The recipients that a notice names; those of `others` only where nobody else is named: the sender, and whoever helps. */
export function recipientsIn(lines: readonly string[], others: ReadonlySet<string>): NamedRecipient[] {
  const found = lines.flatMap((line, index) => recipientOf(line, index));
  const isOther = ({ recipient }: Place) => others.has(recipient.toLowerCase()) || isOffice(recipient);
  const wanted = found.some((each) => !isOther(each)) ? found.filter((each) => !isOther(each)) : found;
  const tier = Math.min(...wanted.map((each) => each.tier));
  const places = wanted.filter((each) => each.tier === tier);
  const names = new Map<string, Place[]>();
  for (const place of places) {
    const key = place.recipient.toLowerCase();
    if (!names.has(key) && names.size >= bounds.recipients) break;
    names.set(key, [...(names.get(key) ?? []), place].slice(0, 5));
  }
  const starts = places.map(({ index }) => index);
  return [...names.values()].map((all) => ({ recipient: all[0]?.recipient ?? '', texts: textsOf(lines, all, starts) }));
}

interface Place {
  recipient: string;
  tier: number;
  index: number;
}

function recipientOf(line: string, index: number): Place[] {
  const masked = mask(line);
  for (const { match, tier } of masked.addresses.length === 0 ? [] : recipientRules) {
    const found = match.exec(masked.text);
    if (found === null) continue;
    // The one in brackets is the last in what matched.
    const last = found[0].lastIndexOf('@') + found.index;
    const recipient = masked.addresses[masked.text.slice(0, last).split('@').length - 1];
    if (recipient !== undefined) return [{ recipient, tier, index }];
  }
  return [];
}

/** The line with `@` for each address, and the addresses. */
export function mask(line: string): { text: string; addresses: string[] } {
  const addresses = addressesIn(line);
  if (addresses.length === 0) return { text: line, addresses };
  const all: string[] = [];
  let text = line;
  let masked = '';
  for (;;) {
    const next = addresses
      .map((address) => ({ address, at: text.indexOf(address) }))
      .filter(({ at }) => at !== -1)
      .sort((one, other) => one.at - other.at || other.address.length - one.address.length)[0];
    if (next === undefined || all.length >= 10) break;
    masked += `${text.slice(0, next.at).replaceAll('@', ' at ')}@`;
    all.push(next.address);
    text = text.slice(next.at + next.address.length);
  }
  return { text: masked + text.replaceAll('@', ' at '), addresses: all };
}

/** Who answers questions about a bounce. */
function isOffice(address: string): boolean {
  return /^(postmaster|mailer-daemon|abuse|helpdesk|support|hostmaster|no-?reply)@/i.test(address);
}

/** What stands between a recipient and the next one, then what else names it, then all. */
function textsOf(lines: readonly string[], places: readonly Place[], starts: readonly number[]): string[] {
  const own = places.flatMap(({ index, recipient }) => {
    const next = starts.find((start) => start > index && lines[start]?.includes(recipient) !== true) ?? lines.length;
    return lines.slice(index, Math.min(next, index + 20));
  });
  const name = places[0]?.recipient ?? '';
  const naming = lines.filter((line) => line.includes(name));
  const ownReplies = own.filter(isReply);
  const replies = ownReplies.length > 0 ? ownReplies : starts.length === 1 ? lines.filter(isReply) : [];
  const joined = [...repliesOf(replies), own, naming, lines].map((some) =>
    some
      .map((line) => line.trim())
      .join(' ')
      .slice(0, 1_000),
  );
  return [...new Set(joined.map((text) => text.replace(/\s+/g, ' ').trim()))].filter(
    (text) => text !== '' && !isNameAlone(text, name),
  );
}

/** A reply may have several lines, all but the last with a hyphen behind the code. */
function repliesOf(lines: readonly string[]): string[][] {
  const replies: string[][] = [];
  let isOpen = false;
  for (const line of lines) {
    if (isOpen) replies.at(-1)?.push(line);
    else if (replies.length < 10) replies.push([line]);
    isOpen = /^\W{0,8}[45]\d\d-/.test(line);
  }
  return replies;
}

function isReply(line: string): boolean {
  return /^\W{0,8}[45]\d\d[ -]|\bsaid: ?[45]\d\d\b/.test(line);
}

function isNameAlone(text: string, name: string): boolean {
  return text.replaceAll(name, '').replace(/\W/g, '') === '';
}

/** Addresses that a report is sent to or from, and those of the sender of the email. */
export function addressesOfSender(report: Fields, returned: Fields): Set<string> {
  const names = ['to', 'cc', 'from', 'sender', 'reply-to', 'delivered-to', 'x-original-to', 'envelope-to', 'errors-to'];
  const ofReport = names.map((name) => field(report, name));
  const ofEmail = ['from', 'sender', 'return-path', 'reply-to', 'errors-to'].map((name) => field(returned, name));
  return new Set([...ofReport, ...ofEmail].flatMap((value) => addressesIn(value)).map((each) => each.toLowerCase()));
}
