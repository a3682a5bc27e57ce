// The operator's commands for DKIM keys. The private part of a key is never printed.
import { generateKeyPair } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { domainToASCII } from 'node:url';
import { promisify } from 'node:util';
import { inTransaction } from '../../../lib/store/database.ts';
import {
  activateKey,
  type DkimKey,
  type DkimKeyRow,
  deleteKey,
  findKey,
  insertKey,
  listKeys,
} from '../../../lib/store/dkim-keys/dkim-keys.ts';
import { AdminError, type AdminSettings, type Command, UsageError, withDatabase } from '../command.ts';
import { printedRecord, recordFault, recordName } from '../dkim-record.ts';
import { dateText, formatTable } from '../table.ts';

/** Lengths in bits that verifiers must support and signers should use (RFC 8301 §3.2). */
const keySizes = ['2048', '3072', '4096'];

/** Workers cache keys for a minute (DKIM_KEYS_SECONDS), and emails may be in queues for days. */
const waitAfterUse = 'Workers sign with it within a minute. Leave the record of the key before it in DNS for a week.';

export const dkimCommands: Command[] = [
  {
    name: 'dkim create',
    words: ['DOMAIN'],
    options: { selector: { value: 'SELECTOR' }, bits: { value: keySizes.join('|') } },
    about: `Makes a key for signing emails from DOMAIN and its subdomains, and prints its DNS record. It does not sign yet:
      put the record into DNS, see with dkim check that it is there, then dkim use. To rotate, do the same with another selector.`,
    async run([name], { selector: wanted, bits = '2048' }, settings) {
      if (!keySizes.includes(bits)) throw new UsageError(`--bits must be ${keySizes.join(', ')}.`);
      const domain = parseDomain(name);
      const selector = parseSelector(wanted ?? todaysSelector());
      if (recordName({ domain, selector }).length > 253)
        throw new UsageError('DOMAIN and SELECTOR are too long together.');
      const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: Number(bits) });
      const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const key = { domain, selector, private_key };
      const isNew = await withDatabase(settings, (sql) => insertKey(sql, key));
      if (!isNew) throw new AdminError(`${domain} has a key "${selector}" already: name another with --selector.`);
      return `Key ${selector} of ${domain} made. It does not sign before: dkim use ${domain} ${selector}\n\n${printedRecord(key)}`;
    },
  },
  {
    name: 'dkim list',
    words: [],
    options: {},
    about: 'Shows all DKIM keys, and which of them sign.',
    async run(_words, _options, settings) {
      const keys = await withDatabase(settings, (sql) => listKeys(sql, null));
      if (keys.length === 0) return 'There are no DKIM keys yet: dkim create DOMAIN makes one.';
      return formatTable(['DOMAIN', 'SELECTOR', 'SIGNS', 'CREATED'], keys.map(toRow));
    },
  },
  {
    name: 'dkim record',
    words: ['DOMAIN', '[SELECTOR]'],
    options: {},
    about: 'Prints the DNS record of one key, or of every key of the domain.',
    async run([name, selector], _options, settings) {
      const keys = await keysOf(settings, name, selector);
      return keys.map(printedRecord).join('\n\n');
    },
  },
  {
    name: 'dkim check',
    words: ['DOMAIN', '[SELECTOR]'],
    options: { server: { value: 'ADDRESS' } },
    about: `Asks DNS (the machine's own servers, or the one at ADDRESS) for the record of one key, or of every key of the domain,
      and says whether it fits.`,
    async run([name, selector], { server }, settings) {
      const resolver = resolverAt(server);
      const keys = await keysOf(settings, name, selector);
      const checked = await Promise.all(
        keys.map(async (key) => ({ name: recordName(key), fault: recordFault(key, await txtRecords(resolver, key)) })),
      );
      const lines = checked.map(({ name: at, fault }) => `${at}: ${fault ?? 'the record is there and fits'}`);
      if (checked.some(({ fault }) => fault !== undefined)) throw new AdminError(lines.join('; '));
      return lines.join('\n');
    },
  },
  {
    name: 'dkim use',
    words: ['DOMAIN', 'SELECTOR'],
    options: {},
    about: `Signs emails from the domain with this key, and with no other, from now on. Its record must be in DNS already:
      see dkim check.`,
    async run([name, word], _options, settings) {
      const domain = parseDomain(name);
      const selector = parseSelector(word);
      const isUsed = await withDatabase(settings, (sql) =>
        inTransaction(sql, (transaction) => activateKey(transaction, domain, selector)),
      );
      if (!isUsed) throw noSuchKey(domain, selector);
      return `Key ${selector} signs for ${domain}. ${waitAfterUse}`;
    },
  },
  {
    name: 'dkim remove',
    words: ['DOMAIN', 'SELECTOR'],
    options: {},
    about:
      'Deletes a key for good. The one that signs can be removed only when it is the last: emails then go unsigned.',
    async run([name, word], _options, settings) {
      const domain = parseDomain(name);
      const selector = parseSelector(word);
      const left = await withDatabase(settings, async (sql) => {
        const isGone = await deleteKey(sql, domain, selector);
        const keys = await listKeys(sql, domain);
        if (isGone) return keys;
        if (!keys.some((key) => key.selector === selector)) throw noSuchKey(domain, selector);
        throw new AdminError(`Key ${selector} signs for ${domain}: dkim use another one first.`);
      });
      const said = `Key ${selector} of ${domain} is gone. Take its record out of DNS when the emails it signed have arrived: in a week.`;
      return left.some(({ active }) => active) ? said : `${said}\nNo key of ${domain} itself signs any more.`;
    },
  },
];

/** The selected keys, with their private parts; at least one. */
async function keysOf(
  settings: AdminSettings,
  name: string | undefined,
  word: string | undefined,
): Promise<DkimKeyRow[]> {
  const domain = parseDomain(name);
  const selector = word === undefined ? undefined : parseSelector(word);
  return withDatabase(settings, async (sql) => {
    const selectors = selector === undefined ? (await listKeys(sql, domain)).map((key) => key.selector) : [selector];
    const keys: DkimKeyRow[] = [];
    for (const one of selectors) {
      const key = await findKey(sql, domain, one);
      if (key !== undefined) keys.push(key);
    }
    if (keys.length === 0) throw noSuchKey(domain, selector);
    return keys;
  });
}

/** In lower case and ASCII, as it stands in d=. */
function parseDomain(word = ''): string {
  const domain = domainToASCII(word);
  if (/^(?:[a-z0-9_-]{1,63}\.)+[a-z0-9-]{1,63}$/.test(domain) && domain.length <= 253) return domain;
  throw new UsageError('DOMAIN must be the name of a domain, as in example.com.');
}

function parseSelector(word = ''): string {
  const selector = word.toLowerCase();
  const labels = selector.split('.');
  const isName = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (isName && selector.length <= 120) return selector;
  throw new UsageError('SELECTOR may have letters, digits, and between them "-" and ".", 120 of them at most.');
}

/** As in s20260131. */
function todaysSelector(): string {
  return `s${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function noSuchKey(domain: string, selector: string | undefined): AdminError {
  const which = selector === undefined ? 'no DKIM key' : `no DKIM key "${selector}"`;
  return new AdminError(`${domain} has ${which}; dkim list shows all.`);
}

/** Longest wait for a DNS answer. */
const dnsTimeoutMs = 3_000;

function resolverAt(server: string | undefined): Resolver {
  const resolver = new Resolver({ timeout: dnsTimeoutMs, tries: 2 });
  try {
    if (server !== undefined) resolver.setServers([server]);
  } catch {
    throw new UsageError('--server must be the IP address of a DNS server, perhaps with a port: 192.0.2.1:53.');
  }
  return resolver;
}

/** Each record as one string; an empty list if the name does not exist. */
async function txtRecords(resolver: Resolver, key: DkimKeyRow): Promise<string[]> {
  try {
    return (await resolver.resolveTxt(recordName(key))).map((strings) => strings.join(''));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw new AdminError(`DNS gives no answer for ${recordName(key)} (${code}).`);
  }
}

function toRow({ domain, selector, active, created_at }: DkimKey): string[] {
  return [domain, selector, active ? 'yes' : 'no', dateText(created_at)];
}
