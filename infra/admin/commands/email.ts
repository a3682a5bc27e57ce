// The operator's commands for emails: looking at them, sending them again, erasing a recipient.
import type { Sql } from '../../../lib/store/database.ts';
import type { EmailSummary } from '../../../lib/store/emails/columns.ts';
import { emailStatuses, isEmailId } from '../../../lib/store/emails/email.ts';
import { eraseRecipient } from '../../../lib/store/emails/erase.ts';
import { lastEvents } from '../../../lib/store/emails/events.ts';
import type { EmailFilter } from '../../../lib/store/emails/filter.ts';
import { findEmail, listEmails } from '../../../lib/store/emails/read.ts';
import { areReplayable, replayEmail, replayEmails } from '../../../lib/store/emails/replay.ts';
import { replayableStatuses } from '../../../lib/store/emails/transitions.ts';
import { AdminError, type Command, type Options, UsageError, withDatabase } from '../command.ts';
import { filterOptions, parseAddress, parseFilter, parseLimit, parseOwner, parseStatuses } from '../email-filter.ts';
import { dateText, formatTable } from '../table.ts';

/** Of an email; it seldom has ten. */
const mostEventsShown = 1_000;

const maxListed = 1_000;
const maxReplayed = 1_000;
/** Without the broker: dispatch publishes what is due. */
const dueAtOnce = 0;

export const emailCommands: Command[] = [
  {
    name: 'email list',
    words: [],
    options: { status: { value: 'failed,bounced,…' }, ...filterOptions, limit: { value: '50' } },
    about: 'Shows emails of all clients, the newest first. TIME is in UTC: 2026-01-31 or 2026-01-31T12:00.',
    async run(_words, options, settings) {
      const owner = parseOwner(options);
      const filter: EmailFilter = parseFilter(options);
      if (options.status !== undefined) filter.status = parseStatuses(options.status, emailStatuses);
      const limit = parseLimit(options.limit ?? '50', maxListed);
      const emails = await withDatabase(settings, (sql) => listEmails(sql, owner, filter, limit + 1));
      if (emails.length === 0) return 'There are no such emails.';
      const table = formatTable(
        ['ID', 'CLIENT', 'ACCEPTED', 'STATUS', 'RECIPIENTS', 'LAST REPLY'],
        emails.slice(0, limit).map(toRow),
      );
      return emails.length > limit ? `${table}\nThere are more; --limit shows up to ${maxListed}.` : table;
    },
  },
  {
    name: 'email show',
    words: ['ID'],
    options: {},
    about: 'Shows what is known of one email and every step it took, but not what it says.',
    run: ([id = ''], _options, settings) => withDatabase(settings, (sql) => showEmail(sql, emailId(id))),
  },
  {
    name: 'email replay',
    words: ['[ID]'],
    options: { status: { value: replayableStatuses.join(',') }, ...filterOptions, limit: { value: '100' } },
    about: `Sends one email again, or those that the options find (failed ones where --status is not given), the oldest first.
      Dispatch puts them on the queue in its next round. Recipients that have an email already do not get it twice.`,
    run: ([id], options, settings) =>
      withDatabase(settings, (sql) => (id === undefined ? replayFound(sql, options) : replayOne(sql, id, options))),
  },
  {
    name: 'erase',
    words: ['RECIPIENT'],
    options: { client: filterOptions.client },
    about: `Erases an address from the emails of all clients, or of one, with all that these emails say; emails that wait are
      called back. What was sent when, and how it ended, stays.`,
    async run([recipient = ''], options, settings) {
      const address = parseAddress(recipient);
      const owner = parseOwner(options);
      const { erased, canceled, on_the_way } = await withDatabase(settings, (sql) =>
        eraseRecipient(sql, owner, address),
      );
      const done = `Erased from ${erased} emails; ${canceled} of them were called back.`;
      return on_the_way === 0
        ? done
        : `${done}\n${on_the_way} are on the way at this moment: run this again in a while.`;
    },
  },
];

async function replayOne(sql: Sql, word: string, options: Options): Promise<string> {
  if (Object.keys(options).length > 0) throw new UsageError('Give an ID or options, not both.');
  const id = emailId(word);
  if ((await replayEmail(sql, 'anybody', id, dueAtOnce)) !== undefined) return `Email ${id} is queued again.`;
  const email = await findEmail(sql, 'anybody', id);
  if (email === undefined) throw new AdminError(`There is no email ${id}.`);
  const isAtEnd = replayableStatuses.some((status) => status === email.status);
  const why = isAtEnd && email.headers === null ? 'its contents have been purged' : `its status is ${email.status}`;
  throw new AdminError(`Email ${id} cannot be replayed: ${why}.`);
}

async function replayFound(sql: Sql, options: Options): Promise<string> {
  // Requires a filter, so that nobody replays all emails by mistake.
  if (Object.keys(options).every((name) => name === 'limit'))
    throw new UsageError('Give an ID, or options that say which.');
  const owner = parseOwner(options);
  const status = parseStatuses(options.status ?? 'failed', replayableStatuses);
  const filter = { ...parseFilter(options), status };
  const limit = parseLimit(options.limit ?? '100', maxReplayed);
  const replayed = await replayEmails(sql, owner, filter, limit, dueAtOnce);
  const done = `${replayed.length} emails are queued again.`;
  return (await areReplayable(sql, owner, filter)) ? `${done} There are more: run this again.` : done;
}

async function showEmail(sql: Sql, id: string): Promise<string> {
  const email = await findEmail(sql, 'anybody', id);
  if (email === undefined) throw new AdminError(`There is no email ${id}.`);
  const { headers, text_body: _text, html_body: _html, settled, recipients, ...row } = email;
  const outcomes = recipients.map((recipient) => [
    recipient,
    settled[recipient]?.status ?? '-',
    settled[recipient]?.reply ?? '',
  ]);
  const events = (await lastEvents(sql, id, mostEventsShown)).map(({ at, type, detail }) => [
    at.toISOString(),
    type,
    detailText(detail),
  ]);
  return [
    formatTable(
      ['FIELD', 'VALUE'],
      [...Object.entries({ ...row, contents: headers === null ? 'purged' : 'kept' })].map(([field, value]) => [
        field,
        cell(value),
      ]),
    ),
    formatTable(['RECIPIENT', 'OUTCOME', 'REPLY'], outcomes),
    formatTable(['TIME', 'EVENT', 'DETAIL'], events),
  ].join('\n\n');
}

function toRow({ id, client_id, accepted_at, status, recipients, last_reply }: EmailSummary): string[] {
  return [id, client_id, dateText(accepted_at), status, recipients.join(' '), last_reply ?? '-'];
}

/** As in `attempt=1 code=550 reply="no such user"`. */
function detailText(detail: object): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}

function cell(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value ?? '-');
}

function emailId(word: string): string {
  if (isEmailId(word)) return word.toLowerCase();
  throw new UsageError(`"${word}" is not the id of an email.`);
}
