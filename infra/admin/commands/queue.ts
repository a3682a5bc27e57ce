// The operator's commands for dead letters: messages that no worker could use.

import { type DeadLetter, walkDeadLetters } from '../../../lib/queue/dead-letters.ts';
import { readMessage } from '../../../lib/queue/queue-message.ts';
import { checkDatabase, type Sql } from '../../../lib/store/database.ts';
import type { EmailStatus, Lane } from '../../../lib/store/emails/email.ts';
import { findEmail } from '../../../lib/store/emails/read.ts';
import { AdminError, type AdminSettings, type Command, requireAmqpUrl, withDatabase } from '../command.ts';
import { dateText, formatTable } from '../table.ts';

/** Most letters that are printed; the others are counted. */
const maxShown = 200;
/** How much of a message that has no id is shown. */
const maxContent = 60;

export const queueCommands: Command[] = [
  {
    name: 'queue dead',
    words: [],
    options: {},
    about: 'Shows the dead letters: when and where each died, why, and the email it is about.',
    async run(_words, _options, settings) {
      const letters = await walk(settings, () => 'keep');
      if (letters.length === 0) return 'There are no dead letters.';
      return letterTable(letters);
    },
  },
  {
    name: 'queue replay-dead',
    words: [],
    options: {},
    about:
      'Puts the dead letters that carry the id of an email back on the queue of its lane. The others stay, and are shown.',
    async run(_words, _options, settings) {
      const letters = await walk(settings, ({ email }) => email?.lane ?? 'keep');
      const left = letters.filter(({ email }) => email === undefined);
      const back = `${letters.length - left.length} messages are back on their queues, ${left.length} stay.`;
      return left.length === 0 ? back : `${back}\n${letterTable(left)}`;
    },
  },
];

interface Letter extends DeadLetter {
  ids: readonly string[];
  /** The first of its emails that exists, which gives the lane of all; undefined if none exists. */
  email: { lane: Lane; status: EmailStatus } | undefined;
}

/** Reads every dead letter, and puts each where `place` says. */
async function walk(settings: AdminSettings, place: (letter: Letter) => Lane | 'keep'): Promise<Letter[]> {
  const amqpUrl = requireAmqpUrl(settings);
  return withDatabase(settings, async (sql) => {
    const letters: Letter[] = [];
    // Finds failures of the database first, apart from the broker's.
    await checkDatabase(sql);
    await walkDeadLetters(amqpUrl, async (deadLetter) => {
      const letter = await lookUp(sql, deadLetter);
      letters.push(letter);
      return place(letter);
    }).catch((error) => {
      throw brokerError(error);
    });
    return letters;
  });
}

async function lookUp(sql: Sql, letter: DeadLetter): Promise<Letter> {
  const ids = readMessage(letter.content) ?? [];
  for (const id of ids) {
    const email = await findEmail(sql, 'anybody', id);
    if (email !== undefined) return { ...letter, ids, email };
  }
  return { ...letter, ids, email: undefined };
}

function letterTable(letters: Letter[]): string {
  const table = formatTable(['DIED', 'QUEUE', 'REASON', 'EMAIL', 'STATUS'], letters.slice(0, maxShown).map(toRow));
  return letters.length > maxShown ? `${table}\nand ${letters.length - maxShown} more` : table;
}

function toRow({ content, queue, reason, died_at, ids, email }: Letter): string[] {
  const [first, ...others] = ids;
  const about = first ?? `no id: ${JSON.stringify(content.toString().slice(0, maxContent))}`;
  const more = others.length > 0 ? `${about} and ${others.length} more` : about;
  return [died_at ? dateText(died_at) : '-', queue ?? '-', reason ?? '-', more, email?.status ?? 'no such email'];
}

function brokerError(error: unknown): AdminError {
  const reason = error instanceof Error ? error.message || ('code' in error ? error.code : error.name) : error;
  return new AdminError(`The broker that AMQP_URL names cannot be used (${reason}).`);
}
