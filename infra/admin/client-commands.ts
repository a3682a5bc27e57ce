// The operator's commands for clients.
import { randomBytes } from 'node:crypto';
import {
  type Client,
  disableClient,
  enableClient,
  findClients,
  insertClient,
  isClientId,
  knownScopes,
  listClients,
  setScopes,
  setSecretHash,
} from '../../functions/token/clients.ts';
import { hashSecret, verifySecret } from '../../functions/token/secret-hash.ts';
import type { Sql } from '../../lib/db.ts';
import { AdminError, type AdminSettings, type Command, UsageError, withDatabase } from './command.ts';
import { dateText, formatTable } from './table.ts';

/** As it stands in the help. */
const allScopes = `'${knownScopes.join(' ')}'`;
const shownOnce = 'It is shown this once: only its hash is kept.';

export const clientCommands: Command[] = [
  {
    name: 'client create',
    words: ['NAME'],
    options: { scope: { value: allScopes }, secret: { value: 'SECRET' } },
    about: 'Makes a client, with a random secret unless one is given.',
    async run([name], { scope, secret = randomSecret() }, settings) {
      const client_id = clientId(name);
      const scopes = parseScopes(scope);
      const secret_hash = await hashSecret(usableSecret(secret));
      const isNew = await withDatabase(settings, (sql) => insertClient(sql, { client_id, secret_hash, scopes }));
      if (!isNew) throw new AdminError(`There is a client "${client_id}" already.`);
      return `Client ${client_id} made, with the scopes: ${scopes.join(' ')}\nIts secret: ${secret}\n${shownOnce}`;
    },
  },
  {
    name: 'client ensure',
    words: ['NAME'],
    options: { secret: { value: 'SECRET', required: true }, scope: { value: allScopes, required: true } },
    about:
      'Makes the client, or gives it this secret and these scopes if it has others. Does not enable a disabled one.',
    async run([name], { scope, secret = '' }, settings) {
      const wanted = { clientId: clientId(name), secret: usableSecret(secret), scopes: parseScopes(scope) };
      await withDatabase(settings, (sql) => ensureClient(sql, wanted));
      return `Client ${wanted.clientId} has this secret and the scopes: ${wanted.scopes.join(' ')}`;
    },
  },
  {
    name: 'client list',
    words: [],
    options: {},
    about: 'Shows all clients.',
    async run(_words, _options, settings) {
      const clients = await withDatabase(settings, listClients);
      if (clients.length === 0) return 'There are no clients yet: client create NAME makes one.';
      return formatTable(['CLIENT', 'SCOPES', 'CREATED', 'DISABLED'], clients.map(toRow));
    },
  },
  {
    name: 'client disable',
    words: ['NAME'],
    options: {},
    about: 'The client gets no more tokens. Those it has live on until they end.',
    async run([name], _options, settings) {
      await change(settings, name, disableClient);
      return `Client ${name} is disabled. Tokens that it has already live on until they end.`;
    },
  },
  {
    name: 'client enable',
    words: ['NAME'],
    options: {},
    about: 'The client gets tokens again.',
    async run([name], _options, settings) {
      await change(settings, name, enableClient);
      return `Client ${name} is enabled.`;
    },
  },
  {
    name: 'client roll-secret',
    words: ['NAME'],
    options: {},
    about: 'Gives the client a new random secret; the old one is of no use from then on.',
    async run([name], _options, settings) {
      const secret = randomSecret();
      const secretHash = await hashSecret(secret);
      await change(settings, name, (sql, id) => setSecretHash(sql, id, secretHash));
      return `Client ${name} has a new secret: ${secret}\n${shownOnce}`;
    },
  },
];

interface WantedClient {
  clientId: string;
  secret: string;
  scopes: string[];
}

/** Leaves a hash that fits as it is, so that what the token function remembers of it stays good. */
async function ensureClient(sql: Sql, { clientId, secret, scopes }: WantedClient): Promise<void> {
  const [client] = await findClients(sql, [clientId]);
  if (client !== undefined && (await verifySecret(secret, client.secret_hash))) {
    await setScopes(sql, clientId, scopes);
    return;
  }
  const secret_hash = await hashSecret(secret);
  if (await insertClient(sql, { client_id: clientId, secret_hash, scopes })) return;
  await setSecretHash(sql, clientId, secret_hash);
  await setScopes(sql, clientId, scopes);
}

async function change(
  settings: AdminSettings,
  name: string | undefined,
  apply: (sql: Sql, clientId: string) => Promise<boolean>,
): Promise<void> {
  const id = clientId(name);
  const exists = await withDatabase(settings, (sql) => apply(sql, id));
  if (!exists) throw new AdminError(`There is no client "${id}"; client list shows all.`);
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

function clientId(name = ''): string {
  if (isClientId(name)) return name;
  throw new UsageError('NAME may have letters, digits, ".", "_" and "-", 100 of them at most.');
}

/** RFC 6749, appendix A.2: printable ASCII. Anything else arrives differently from different clients. */
function usableSecret(secret: string): string {
  if (/^[\x20-\x7e]{1,200}$/.test(secret)) return secret;
  throw new UsageError('SECRET must be printable ASCII, 200 characters at most.');
}

/** All scopes where none are given. */
function parseScopes(scope = knownScopes.join(' ')): string[] {
  const asked = scope.split(/[ ,]+/).filter(Boolean);
  const unknown = asked.find((name) => !knownScopes.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no scope "${unknown}", only: ${knownScopes.join(' ')}.`);
  if (asked.length === 0) throw new UsageError('A client needs one scope at least.');
  return knownScopes.filter((name) => asked.includes(name));
}

function toRow({ client_id, scopes, created_at, disabled_at }: Client): string[] {
  return [client_id, scopes.join(' '), dateText(created_at), disabled_at ? dateText(disabled_at) : '-'];
}
