// The operator's commands for clients.

import { findFitting, hashSecret } from '../../../functions/token/secret-hash.ts';
import { replaceSecrets } from '../../../lib/store/clients/client-secrets.ts';
import {
  type Client,
  disableClient,
  enableClient,
  findClients,
  insertClient,
  knownScopes,
  listClients,
  lockClient,
  setPublicKeys,
  setScopes,
  setTokenLifetime,
  tokenLifetimeSeconds,
  usualScopes,
} from '../../../lib/store/clients/clients.ts';
import { inTransaction, type Sql } from '../../../lib/store/database.ts';
import {
  changeClient,
  clientId,
  givenSecret,
  randomSecret,
  secretHelp,
  secretOptions,
  shownOnce,
  usableSecret,
} from '../client-arguments.ts';
import { AdminError, type AdminSettings, type Command, UsageError, withDatabase } from '../command.ts';
import { readPublicKeys, toldOf } from '../public-keys.ts';
import { parseSenders, senderOptions, sendersText } from '../sender-arguments.ts';
import { dateText, formatTable } from '../table.ts';

/** As it stands in the help. */
const scopesOfClients = `'${usualScopes.join(' ')}'`;

export const clientCommands: Command[] = [
  {
    name: 'client create',
    words: ['NAME'],
    options: { ...senderOptions, scope: { value: scopesOfClients }, ...secretOptions, keys: { value: 'FILE' } },
    about: `Makes a client: with this secret, with public keys in place of a secret, or else with a random secret. Whom it may send
      from must be said: addresses (a@b.test), domains (b.test), their subdomains (*.b.test), or --any-sender.
      ${secretHelp}`,
    async run([name], { scope, keys, ...options }, settings) {
      if ((options.secret ?? options['secret-file']) !== undefined && keys !== undefined)
        throw new UsageError('--secret and --keys do not go together.');
      const scopes = parseScopes(scope);
      const mustSay = scopes.includes('email');
      const client = { client_id: clientId(name), scopes, allowed_senders: parseSenders(options, mustSay) };
      const secret = await givenSecret(options, settings);
      const [proof, told] = keys === undefined ? await secretProof(secret) : await keysProof(keys);
      const isNew = await withDatabase(settings, (sql) => insertClient(sql, { ...client, ...proof }));
      if (!isNew) throw new AdminError(`There is a client "${client.client_id}" already.`);
      const senders = mustSay ? `, sending from: ${sendersText(client.allowed_senders)}` : '';
      return `Client ${client.client_id} made, with the scopes: ${scopes.join(' ')}${senders}\n${told}`;
    },
  },
  {
    name: 'client ensure',
    words: ['NAME'],
    options: { ...secretOptions, scope: { value: scopesOfClients, required: true }, demo: {} },
    about: `Makes the client, or gives it this secret and these scopes if it has others. Does not enable a disabled one. A new one may send from anybody until client set-senders.
      ${secretHelp} --demo, as in local mode: SECRET may be short, and a client that is there stays as it is.`,
    async run([name], { scope, ...options }, settings) {
      const secret = await givenSecret(options, settings);
      if (secret === undefined) throw new UsageError('--secret is missing. Give --secret-file FILE.');
      const wanted = { clientId: clientId(name), secret, scopes: parseScopes(scope) };
      if (options.demo !== undefined) return ensureDemo(settings, wanted);
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
      return formatTable(
        [
          'CLIENT',
          'SCOPES',
          'SENDERS',
          'RELAY HEADERS',
          'RATE',
          'QUOTA',
          'SECRETS',
          'KEYS',
          'LIFETIME',
          'CREATED',
          'DISABLED',
        ],
        clients.map(toRow),
      );
    },
  },
  {
    name: 'client disable',
    words: ['NAME'],
    options: {},
    about: 'The client gets no more tokens, and those it has are refused at once.',
    async run([name], _options, settings) {
      await changeClient(settings, name, disableClient);
      return `Client ${name} is disabled. Tokens that it has already are refused from now on.`;
    },
  },
  {
    name: 'client enable',
    words: ['NAME'],
    options: {},
    about: 'The client gets tokens again; those it had are good again until they end.',
    async run([name], _options, settings) {
      await changeClient(settings, name, enableClient);
      return `Client ${name} is enabled.`;
    },
  },
  {
    name: 'client set-keys',
    words: ['NAME', 'FILE'],
    options: {},
    about: `Replaces the public keys (a JWK set) that verify the client's assertions (private_key_jwt); {"keys":[]} takes all away.
      To change keys, put the new one beside the old one until every place where the client runs signs with it.`,
    async run([name, file = ''], _options, settings) {
      const keys = await readPublicKeys(file);
      await changeClient(settings, name, (sql, id) => setPublicKeys(sql, id, keys));
      return `Client ${name}: ${toldOf(keys)}`;
    },
  },
  {
    name: 'client set-lifetime',
    words: ['NAME', 'SECONDS'],
    options: {},
    about: `How long the client's new tokens live, ${tokenLifetimeSeconds.least} to ${tokenLifetimeSeconds.most} s; "default" for TOKEN_LIFETIME_SECONDS.`,
    async run([name, text], _options, settings) {
      const seconds = parseLifetime(text);
      await changeClient(settings, name, (sql, id) => setTokenLifetime(sql, id, seconds));
      return `New tokens of client ${name} live ${seconds === null ? 'as TOKEN_LIFETIME_SECONDS says' : `${seconds} s`}.`;
    },
  },
];

interface WantedClient {
  clientId: string;
  secret: string;
  scopes: string[];
}

/** Keeps a hash that fits, so that the token function's cache of it stays valid; also keeps other secrets beside it. */
async function ensureClient(sql: Sql, { clientId, secret, scopes }: WantedClient): Promise<void> {
  await inTransaction(sql, async (transaction) => {
    if (!(await lockClient(transaction, clientId))) {
      const secret_hash = await hashSecret(secret);
      if (await insertClient(transaction, { client_id: clientId, secret_hash, scopes })) return;
      await lockClient(transaction, clientId);
    }
    const [client] = await findClients(transaction, [clientId]);
    const hashes = client?.secrets.map(({ hash }) => hash) ?? [];
    if (!(await findFitting(secret, hashes))) await replaceSecrets(transaction, clientId, await hashSecret(secret));
    await setScopes(transaction, clientId, scopes);
  });
}

async function ensureDemo(settings: AdminSettings, { clientId, secret, scopes }: WantedClient): Promise<string> {
  const secret_hash = await hashSecret(secret);
  const client = { client_id: clientId, scopes, secret_hash };
  const isNew = await withDatabase(settings, (sql) => insertClient(sql, client));
  return `Client ${clientId} ${isNew ? 'made' : 'is there, and stays as it is'}`;
}

type Proof = Pick<Parameters<typeof insertClient>[1], 'secret_hash' | 'public_keys'>;

/** What is stored of the secret, and what is printed for the operator. */
async function secretProof(secret = randomSecret()): Promise<[Proof, string]> {
  return [{ secret_hash: await hashSecret(usableSecret(secret)) }, `Its secret: ${secret}\n${shownOnce}`];
}

async function keysProof(file: string): Promise<[Proof, string]> {
  const public_keys = await readPublicKeys(file);
  if (public_keys.length === 0) throw new AdminError(`${file} has no key in it.`);
  return [{ public_keys }, `It has no secret; ${toldOf(public_keys)}`];
}

/** Those of a client that sends if none are given. */
function parseScopes(scope = usualScopes.join(' ')): string[] {
  const asked = scope.split(/[ ,]+/).filter(Boolean);
  const unknown = asked.find((name) => !knownScopes.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no scope "${unknown}", only: ${knownScopes.join(' ')}.`);
  if (asked.length === 0) throw new UsageError('A client needs one scope at least.');
  return knownScopes.filter((name) => asked.includes(name));
}

/** Null for "default". */
function parseLifetime(text = ''): number | null {
  const { least, most } = tokenLifetimeSeconds;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (text === 'default') return null;
  if (seconds >= least && seconds <= most) return seconds;
  throw new UsageError(`SECONDS must be a whole number from ${least} to ${most}, or "default".`);
}

function toRow({ client_id, scopes, secrets, public_keys, ...client }: Client): string[] {
  return [
    client_id,
    scopes.join(' '),
    sendersText(client.allowed_senders),
    client.relay_headers ? 'yes' : 'no',
    client.rate_per_second === null ? 'none' : `${client.rate_per_second}/s`,
    client.daily_quota === null ? 'none' : `${client.daily_quota}/day`,
    String(secrets.length),
    String(public_keys.length),
    client.token_lifetime_seconds === null ? 'default' : `${client.token_lifetime_seconds} s`,
    dateText(client.created_at),
    client.disabled_at ? dateText(client.disabled_at) : '-',
  ];
}
