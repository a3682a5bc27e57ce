import { describe, expect, it } from 'vitest';
import { ApiError } from '../../lib/http/errors.ts';
import type { RequestedEmail } from './email-request.ts';
import { relayHeaderErrors, steersRelay } from './relay-headers.ts';

describe('a header that is an order to a relay', () => {
  it.each([
    ['SendGrid', 'X-SMTPAPI'],
    ['SendGrid', 'x-sg-eid'],
    ['Mandrill', 'X-MC-Subaccount'],
    ['Mandrill', 'X-MC-BccAddress'],
    ['Amazon SES', 'X-SES-SOURCE-ARN'],
    ['Amazon SES', 'X-SES-FROM-ARN'],
    ['Amazon SES', 'X-SES-CONFIGURATION-SET'],
    ['Mailgun', 'X-Mailgun-Recipient-Variables'],
    ['Postmark', 'X-PM-Message-Stream'],
    ['SparkPost', 'X-MSYS-API'],
    ['Mailjet', 'X-MJ-TemplateID'],
    ['Brevo', 'X-Sib-Sandbox'],
    ['Brevo', 'X-Mailin-Tag'],
    ['Elastic Email', 'X-ElasticEmail-Settings'],
    ['SMTP2GO', 'X-Smtp2go-Tags'],
  ])('of %s: %s', (_relay, name) => {
    expect(steersRelay(name)).toBe(true);
    expect(steersRelay(name.toUpperCase())).toBe(true);
  });

  it.each(['X-Mine', 'X-Seen', 'X-Mc', 'X-Priority', 'List-Id', 'SMTPAPI'])('is not %s', (name) => {
    expect(steersRelay(name)).toBe(false);
  });
});

describe('in a request', () => {
  const email = (headers: Record<string, string>) => ({ headers }) as RequestedEmail;
  const emails = [email({ 'X-Mine': 'a' }), email({ 'X-SMTPAPI': 'a', 'x-pm-tag': 'b', 'X-Mine': 'c' })];

  it('each is a fault of its email, for a client that may not', async () => {
    const [fine, refused] = await relayHeaderErrors(emails, async () => false);
    expect(fine).toBeUndefined();
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused?.errors?.map(({ path }) => path)).toEqual(['headers.X-SMTPAPI', 'headers.x-pm-tag']);
  });

  it('none is for one that may, and nobody is asked where there are none', async () => {
    expect(await relayHeaderErrors(emails, async () => true)).toEqual([undefined, undefined]);
    const asked = () => Promise.reject(new Error('asked'));
    expect(await relayHeaderErrors([email({ 'X-Mine': 'a' })], asked)).toEqual([undefined]);
  });
});
