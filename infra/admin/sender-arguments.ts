// The operator's options for a client's allowed senders.
import { normalizeSender } from '../../lib/mail/sender.ts';
import { type Options, UsageError } from './command.ts';

export const senderOptions = { sender: { value: 'SENDER', several: true }, 'any-sender': {} };

/** Null: any sender. Unless a choice is required, no option means any sender, too. */
export function parseSenders({ sender, 'any-sender': any }: Options, mustSay: boolean): string[] | null {
  if (sender !== undefined && any !== undefined) throw new UsageError('--sender and --any-sender do not go together.');
  if (sender === undefined && any === undefined && mustSay) {
    throw new UsageError('Say whom it may send from: --sender example.com, as often as needed, or --any-sender.');
  }
  const given = sender?.split(/[ ,]+/).filter(Boolean) ?? [];
  if (sender !== undefined && given.length === 0) throw new UsageError('--sender must name one.');
  return sender === undefined ? null : given.map(normalSender);
}

function normalSender(text: string): string {
  const normal = normalizeSender(text);
  if (normal !== undefined) return normal;
  throw new UsageError(`"${text}" must be an address (a@b.test), a domain (b.test) or its subdomains (*.b.test).`);
}

/** Most senders in a cell; more would make a table too wide. */
const maxShown = 3;

export function sendersText(senders: string[] | null): string {
  if (senders === null) return 'any';
  const more = senders.length > maxShown ? ` and ${senders.length - maxShown} more` : '';
  return senders.slice(0, maxShown).join(' ') + more;
}
