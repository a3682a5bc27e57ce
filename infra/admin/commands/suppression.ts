// The operator's commands for suppressions: to whom a client sends no more.
import { findClients, lockStored } from '../../../lib/store/clients/clients.ts';
import { inTransaction } from '../../../lib/store/database.ts';
import { addSuppressions, listSuppressions, removeSuppression } from '../../../lib/store/suppressions/suppressions.ts';
import { clientId, noSuchClient } from '../client-arguments.ts';
import { AdminError, type Command, withDatabase } from '../command.ts';
import { parseAddress, parseLimit } from '../email-filter.ts';
import { dateText, formatTable } from '../table.ts';

const maxListed = 10_000;

export const suppressionCommands: Command[] = [
  {
    name: 'suppression list',
    words: ['CLIENT'],
    options: { after: { value: 'RECIPIENT' }, limit: { value: '50' } },
    about: 'Shows to whom the client sends no more, and why.',
    async run([name], { after, limit: limitText = '50' }, settings) {
      const id = clientId(name);
      const limit = parseLimit(limitText, maxListed);
      const from = { after: after === undefined ? undefined : parseAddress(after) };
      const found = await withDatabase(settings, (sql) => listSuppressions(sql, id, from, limit + 1));
      if (found.length === 0) return `Client ${id} has no suppressions${after === undefined ? '' : ' after that'}.`;
      const rows = found
        .slice(0, limit)
        .map(({ recipient, reason, created_at, detail }) => [recipient, reason, dateText(created_at), detail ?? '-']);
      const table = formatTable(['RECIPIENT', 'REASON', 'SINCE', 'DETAIL'], rows);
      return found.length > limit ? `${table}\nThere are more: --after shows them.` : table;
    },
  },
  {
    name: 'suppression add',
    words: ['CLIENT', 'RECIPIENT'],
    options: {},
    about: 'The client sends no more to this address; emails that wait are not sent to it either.',
    async run([name, recipient = ''], _options, settings) {
      const address = parseAddress(recipient);
      const id = clientId(name);
      await withDatabase(settings, async (sql) => {
        const [client] = await findClients(sql, [id]);
        if (client === undefined) throw noSuchClient(id);
        await inTransaction(sql, async (transaction) => {
          await lockStored(transaction, id);
          await addSuppressions(transaction, id, [address]);
        });
      });
      return `Client ${id} sends no more to ${address}.`;
    },
  },
  {
    name: 'suppression remove',
    words: ['CLIENT', 'RECIPIENT'],
    options: {},
    about: 'The client may send to this address again.',
    async run([name, recipient = ''], _options, settings) {
      const id = clientId(name);
      const address = parseAddress(recipient);
      const isRemoved = await withDatabase(settings, (sql) =>
        inTransaction(sql, async (transaction) => {
          await lockStored(transaction, id);
          return removeSuppression(transaction, id, address);
        }),
      );
      if (!isRemoved) throw new AdminError(`Client ${id} does not suppress ${address}.`);
      return `Client ${id} may send to ${address} again.`;
    },
  },
];
