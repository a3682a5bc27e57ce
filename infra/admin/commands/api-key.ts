// The operator's commands for API keys.
import { v7 as uuidv7 } from 'uuid';
import { makeApiKey } from '../../../lib/auth/api-key.ts';
import {
  type ApiKey,
  insertApiKey,
  keyScopes,
  listApiKeys,
  maxKeyName,
  mostKeySenders,
  mostKeys,
  revokeApiKey,
} from '../../../lib/store/api-keys/api-keys.ts';
import { findClients } from '../../../lib/store/clients/clients.ts';
import { isEmailId as isKeyId } from '../../../lib/store/emails/email.ts';
import { clientId, noSuchClient, parseDays, shownOnce } from '../client-arguments.ts';
import { AdminError, type AdminSettings, type Command, type Options, UsageError, withDatabase } from '../command.ts';
import { parseSenders, senderOptions, sendersText } from '../sender-arguments.ts';
import { dateText, formatTable } from '../table.ts';

const defaultName = 'made by the operator';

/** `key create` of a client; without one the name is that of the former command for signing keys. */
export const createApiKeyOptions: Command['options'] = {
  name: { value: 'NAME' },
  scope: { value: `'${keyScopes.join(' ')}'` },
  sender: senderOptions.sender,
  'expires-in': { value: 'DAYS' },
};

export async function createApiKey(name: string, options: Options, settings: AdminSettings): Promise<string> {
  const id = clientId(name);
  const wanted = parseScopes(options.scope);
  const keyName = parseName(options.name);
  const allowed_senders = parseSenders(options, false);
  if ((allowed_senders?.length ?? 0) > mostKeySenders) throw new UsageError(`${mostKeySenders} senders at most.`);
  const days = options['expires-in'];
  const expires_at = days === undefined ? null : new Date(Date.now() + parseDays(days) * 86_400_000);
  const { key, start, hash } = makeApiKey(settings.apiKeyPrefix);
  const made = await withDatabase(settings, async (sql) => {
    const [client] = await findClients(sql, [id]);
    if (client === undefined) return 'no client';
    const scopes = wanted ?? client.scopes;
    const missing = scopes.find((scope) => !client.scopes.includes(scope === 'emails:send' ? 'email' : scope));
    if (missing !== undefined) throw new AdminError(`Client ${id} does not have the scope "${missing}".`);
    const about = { id: uuidv7(), client_id: id, name: keyName, start, hash, made_with: null };
    return insertApiKey(sql, { ...about, scopes, allowed_senders, expires_at });
  });
  if (made === 'no client') throw noSuchClient(id);
  if (made === 'full')
    throw new AdminError(`Client ${id} has ${mostKeys} keys, and may have no more: revoke one first.`);
  const until = made.expires_at ? `, until ${dateText(made.expires_at)}` : '';
  return `Client ${id} has the API key ${made.id}, with the scopes: ${made.scopes.join(' ')}${until}\nThe key: ${key}\n${shownOnce}`;
}

export const apiKeyCommands: Command[] = [
  {
    name: 'key list',
    words: ['CLIENT'],
    options: {},
    about:
      'Shows the API keys of the client: what each begins with, what it may do, and when it was last used (within the hour).',
    async run([name], _options, settings) {
      const id = clientId(name);
      const keys = await withDatabase(settings, async (sql) => {
        const [client] = await findClients(sql, [id]);
        if (client === undefined) throw noSuchClient(id);
        return listApiKeys(sql, id, { limit: mostKeys });
      });
      if (keys.length === 0) return `Client ${id} has no API key.`;
      const head = ['ID', 'NAME', 'KEY', 'SCOPES', 'SENDERS', 'MADE WITH', 'CREATED', 'EXPIRES', 'LAST USED'];
      return formatTable(head, keys.map(toRow));
    },
  },
  {
    name: 'key revoke',
    words: ['ID'],
    options: {},
    about:
      'Ends an API key at once, by its id in key list. Keys that were made with it stay good: key list shows them.',
    async run([id = ''], _options, settings) {
      if (!isKeyId(id)) throw new UsageError('ID must be an id that key list shows.');
      const key = await withDatabase(settings, (sql) => revokeApiKey(sql, id));
      if (key === undefined) throw new AdminError(`There is no API key ${id}; key list CLIENT shows all.`);
      return `The API key ${key.start}… ("${key.name}") of client ${key.client_id} is refused from now on.`;
    },
  },
];

function parseName(name = defaultName): string {
  if (name.length > 0 && name.length <= maxKeyName && !/\p{Cc}/u.test(name)) return name;
  throw new UsageError(`NAME may have ${maxKeyName} characters.`);
}

/** Undefined: all of the client's. */
function parseScopes(scope: string | undefined): string[] | undefined {
  if (scope === undefined) return undefined;
  const asked = scope.split(/[ ,]+/).filter(Boolean);
  const unknown = asked.find((name) => !keyScopes.some((known) => known === name));
  if (unknown !== undefined) throw new UsageError(`There is no scope "${unknown}", only: ${keyScopes.join(' ')}.`);
  if (asked.length === 0) throw new UsageError('A key needs one scope at least.');
  return keyScopes.filter((name) => asked.includes(name));
}

function toRow({ id, name, start, scopes, allowed_senders, made_with, ...times }: ApiKey): string[] {
  return [
    id,
    name,
    `${start}…`,
    scopes.join(' '),
    allowed_senders === null ? 'as its client' : sendersText(allowed_senders),
    made_with ?? '-',
    dateText(times.created_at),
    times.expires_at ? dateText(times.expires_at) : '-',
    times.last_used_at ? dateText(times.last_used_at) : '-',
  ];
}
