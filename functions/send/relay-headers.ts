// Headers that relays take as orders: who is billed, whether opens are tracked, to whom else it goes. Only clients that the operator names may set them, as
// they act on the operator's account.
import type { ApiError, Fault } from '../../lib/http/errors.ts';
import { invalidBody } from '../../lib/http/request-body.ts';
import type { RequestedEmail } from './email-request.ts';

/** In lower case, by relay: SendGrid, Mandrill, Amazon SES, Mailgun, Postmark, SparkPost, Mailjet, Brevo, Elastic Email, SMTP2GO. */
const prefixes = [
  ...['x-smtpapi', 'x-sg-', 'x-sendgrid-', 'x-mc-', 'x-mandrill-', 'x-ses-', 'x-mailgun-', 'x-pm-', 'x-postmark-'],
  ...['x-msys-', 'x-sparkpost-', 'x-mj-', 'x-mailjet-', 'x-sib-', 'x-mailin-', 'x-brevo-', 'x-elasticemail-'],
  'x-smtp2go-',
];

export function steersRelay(name: string): boolean {
  const lower = name.toLowerCase();
  return prefixes.some((prefix) => lower.startsWith(prefix));
}

/**
 * The fault of each email that its headers forbid. `mayRelayHeaders` is called once, and only if there are such headers, so that
 * other requests do not read the client.
 */
export async function relayHeaderErrors(
  requests: readonly RequestedEmail[],
  mayRelayHeaders: () => Promise<boolean>,
): Promise<(ApiError | undefined)[]> {
  const faults = requests.map(({ headers }) => Object.keys(headers).filter(steersRelay).map(toFault));
  const asks = faults.some((those) => those.length > 0);
  if (!asks || (await mayRelayHeaders())) return requests.map(() => undefined);
  return faults.map((those) => (those.length > 0 ? invalidBody(those) : undefined));
}

function toFault(name: string): Fault {
  return { path: `headers.${name}`, message: 'is an order to the relay, which this client may not give' };
}
