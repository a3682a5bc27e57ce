// The operator's options that filter emails.

import { timeOf } from '../../lib/http/time.ts';
import { normalizeAddress } from '../../lib/mail/address.ts';
import { isClientId } from '../../lib/store/clients/clients.ts';
import type { EmailFilter, Owner } from '../../lib/store/emails/filter.ts';
import { type Options, UsageError } from './command.ts';

export const filterOptions = {
  client: { value: 'NAME' },
  recipient: { value: 'ADDRESS' },
  since: { value: 'TIME' },
  until: { value: 'TIME' },
} as const;

/** Throws a `UsageError` at the first invalid option. */
export function parseFilter({ recipient, since, until }: Options): EmailFilter {
  return {
    recipient: recipient === undefined ? undefined : parseAddress(recipient),
    since: parseTime('--since', since),
    until: parseTime('--until', until),
  };
}

export function parseOwner({ client }: Options): Owner {
  if (client === undefined) return 'anybody';
  if (isClientId(client)) return { client_id: client };
  throw new UsageError('--client must be the NAME of a client; client list shows all.');
}

/** One of `known`, or several, separated by commas. */
export function parseStatuses<Status extends string>(text: string, known: readonly Status[]): Status[] {
  return text.split(',').map((name) => {
    const status = known.find((one) => one === name.trim());
    if (status === undefined) throw new UsageError(`--status must be one or more of ${known.join(',')}.`);
    return status;
  });
}

export function parseAddress(text: string): string {
  const address = normalizeAddress(text);
  if (address === undefined) throw new UsageError(`"${text}" is not one email address such as name@example.com.`);
  return address;
}

export function parseLimit(text: string, maximum: number): number {
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= maximum) return Number(text);
  throw new UsageError(`--limit must be a whole number from 1 to ${maximum}.`);
}

/** A day means its beginning; a time without an offset is in UTC, so that a command does the same on every machine. */
function parseTime(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const [, day, time = '00:00', offset = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const date = timeOf(`${day}T${time}${offset}`);
  if (date === undefined)
    throw new UsageError(`${option} must be a time in UTC such as 2026-01-31 or 2026-01-31T12:00.`);
  return date;
}
