// The operator's commands for the secrets of clients.

import { hashSecret } from '../../../functions/token/secret-hash.ts';
import {
  addSecret,
  type ClientSecret,
  listSecrets,
  mostSecrets,
  removeSecret,
  replaceSecrets,
} from '../../../lib/store/clients/client-secrets.ts';
import { findClients, lockClient } from '../../../lib/store/clients/clients.ts';
import { inTransaction, type Query } from '../../../lib/store/database.ts';
import { clientId, noSuchClient, parseDays, randomSecret, shownOnce } from '../client-arguments.ts';
import { AdminError, type AdminSettings, type Command, UsageError, withDatabase } from '../command.ts';
import { dateText, formatTable } from '../table.ts';

export const secretCommands: Command[] = [
  {
    name: 'client add-secret',
    words: ['NAME'],
    options: { 'expires-in': { value: 'DAYS' } },
    about: `Gives the client one more random secret, ${mostSecrets} at most. To change secrets without a gap: add one, put it where the client runs,
      wait until client list-secrets shows that the old one is no longer used, remove that one.`,
    async run([name], { 'expires-in': daysText }, settings) {
      const days = daysText === undefined ? null : parseDays(daysText);
      const secret = randomSecret();
      const id = await withLocked(settings, name, async (sql, locked) => {
        const [client] = await findClients(sql, [locked]);
        const secrets = client?.secrets ?? [];
        if (secrets.length >= mostSecrets) {
          throw new AdminError(`Client ${name} has ${mostSecrets} secrets, and may have no more: remove one first.`);
        }
        return addSecret(sql, locked, await hashSecret(secret, secrets[0]?.hash), days);
      });
      return `Client ${name} has one more secret, ${id}: ${secret}\n${shownOnce}`;
    },
  },
  {
    name: 'client list-secrets',
    words: ['NAME'],
    options: {},
    about: 'Shows when each secret of the client was made, ends, and was last used (within the hour).',
    async run([name], _options, settings) {
      const secrets = await withLocked(settings, name, listSecrets);
      if (secrets.length === 0) return `Client ${name} has no secret.`;
      return formatTable(['SECRET', 'CREATED', 'EXPIRES', 'LAST USED'], secrets.map(toRow));
    },
  },
  {
    name: 'client remove-secret',
    words: ['NAME', 'ID'],
    options: {},
    about: 'Takes a secret away from the client, by its number in client list-secrets. Tokens live on until they end.',
    async run([name, id = ''], _options, settings) {
      if (!/^\d{1,18}$/.test(id)) throw new UsageError('ID must be a number that client list-secrets shows.');
      const left = await withLocked(settings, name, async (sql, locked) => {
        const isGone = await removeSecret(sql, locked, id);
        if (!isGone) throw new AdminError(`Client ${name} has no secret ${id}; client list-secrets shows all.`);
        return listSecrets(sql, locked);
      });
      return `Secret ${id} of client ${name} is of no use any more. Secrets left: ${left.length}`;
    },
  },
  {
    name: 'client roll-secret',
    words: ['NAME'],
    options: {},
    about: 'Gives the client a new random secret in place of all that it has; those are of no use from then on.',
    async run([name], _options, settings) {
      const secret = randomSecret();
      const hash = await hashSecret(secret);
      await withLocked(settings, name, (sql, locked) => replaceSecrets(sql, locked, hash));
      return `Client ${name} has a new secret: ${secret}\n${shownOnce}`;
    },
  },
];

/** Locks the client, so that nobody else changes its secrets meanwhile. */
async function withLocked<Result>(
  settings: AdminSettings,
  name: string | undefined,
  use: (sql: Query, clientId: string) => Promise<Result>,
): Promise<Result> {
  const id = clientId(name);
  return withDatabase(settings, (sql) =>
    inTransaction(sql, async (transaction) => {
      if (!(await lockClient(transaction, id))) throw noSuchClient(id);
      return use(transaction, id);
    }),
  );
}

function toRow({ id, created_at, expires_at, last_used_at }: ClientSecret): string[] {
  return [
    id,
    dateText(created_at),
    expires_at ? dateText(expires_at) : '-',
    last_used_at ? dateText(last_used_at) : '-',
  ];
}
