// The operator's commands for a client's limits: allowed senders, and how many emails.
import { setAllowedSenders, setLimits, setRelayHeaders } from '../../../lib/store/clients/clients.ts';
import { changeClient } from '../client-arguments.ts';
import { type Command, UsageError } from '../command.ts';
import { parseSenders, senderOptions } from '../sender-arguments.ts';

/** The same bounds as in the table. */
const mostPerSecond = 1_000_000;
const mostPerDay = 2_147_483_647;

export const limitCommands: Command[] = [
  {
    name: 'client set-senders',
    words: ['NAME'],
    options: senderOptions,
    about: `Whom the client may send from, in place of what it was: addresses (a@b.test), domains (b.test), their subdomains (*.b.test),
      or --any-sender.`,
    async run([name], options, settings) {
      const senders = parseSenders(options, true);
      await changeClient(settings, name, (sql, id) => setAllowedSenders(sql, id, senders));
      return `Client ${name} may send from: ${senders?.join(' ') ?? 'any'}`;
    },
  },
  {
    name: 'client set-limits',
    words: ['NAME'],
    options: { rate: { value: 'PER_SECOND|none' }, 'daily-quota': { value: 'EMAILS|none' } },
    about: 'How many emails the client may hand in a second, and a day (UTC). What is not given stays as it is.',
    async run([name], { rate, 'daily-quota': quota }, settings) {
      if (rate === undefined && quota === undefined) throw new UsageError('Give --rate, --daily-quota or both.');
      const limits = {
        ...(rate !== undefined && {
          rate_per_second: parseLimit('--rate', rate, /^\d{1,7}(\.\d{1,3})?$/, mostPerSecond),
        }),
        ...(quota !== undefined && { daily_quota: parseLimit('--daily-quota', quota, /^\d{1,10}$/, mostPerDay) }),
      };
      await changeClient(settings, name, (sql, id) => setLimits(sql, id, limits));
      const said = [rate && `rate ${rate}`, quota && `daily quota ${quota}`].filter(Boolean);
      return `Limits of client ${name} set: ${said.join(', ')}.`;
    },
  },
  {
    name: 'client set-relay-headers',
    words: ['NAME', 'on|off'],
    options: {},
    about: `Whether the client's emails may have headers that relays take as orders (X-SMTPAPI, X-MC-…, X-SES-…, X-Mailgun-…): they act
      on the account at the relay, which is yours. Off unless set.`,
    async run([name, word], _options, settings) {
      if (word !== 'on' && word !== 'off') throw new UsageError('Say on or off.');
      await changeClient(settings, name, (sql, id) => setRelayHeaders(sql, id, word === 'on'));
      return `Client ${name} may ${word === 'on' ? '' : 'not '}give orders to the relay by headers.`;
    },
  },
];

/** Null for "none". */
function parseLimit(option: string, text: string, form: RegExp, most: number): number | null {
  if (text === 'none') return null;
  const number = form.test(text) ? Number(text) : 0;
  if (number > 0 && number <= most) return number;
  throw new UsageError(`${option} must be a number above 0, ${most} at most, or "none".`);
}
