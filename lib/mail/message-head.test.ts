import { describe, expect, it } from 'vitest';
import { type HeadParts, messageHead, notAsciiIn } from './message-head.ts';

const headers = { from: { email: 'a@example.com' }, to: [{ email: 'b@example.com' }], cc: [], bcc: [], reply_to: [] };
const parts = {
  headers,
  custom_headers: {},
  subject: 'Hello',
  message_id: '<1@example.com>',
  accepted_at: new Date('2027-01-31T12:00:00Z'),
};
const jorg = { email: 'jörg@xn--exmple-cua.com', name: 'Jörg' };

describe('a head that needs SMTPUTF8', () => {
  it.each<[string, Partial<HeadParts>]>([
    ['From', { headers: { ...headers, from: jorg } }],
    ['a settled To', { headers: { ...headers, to: [{ email: 'b@example.com' }, jorg] } }],
    ['Cc', { headers: { ...headers, cc: [jorg] } }],
    ['Reply-To', { headers: { ...headers, reply_to: [jorg] } }],
    ['a receipt', { custom_headers: { 'Disposition-Notification-To': '"Jörg" <jörg@exämple.com>' } }],
    ['another address', { custom_headers: { 'Mail-Followup-To': 'b@example.com, jörg@exämple.com' } }],
  ])('%s', (_what, some) => {
    expect(notAsciiIn({ ...parts, ...some })).toBe('jörg@xn--exmple-cua.com');
  });

  it.each<[string, Partial<HeadParts>]>([
    [
      'names and subjects',
      { subject: 'Grüße', headers: { ...headers, to: [{ email: 'b@example.com', name: 'Jörg' }] } },
    ],
    ['Bcc, which is no part of it', { headers: { ...headers, bcc: [jorg] } }],
    [
      'text and JSON',
      { custom_headers: { 'X-Note': 'Grüße', 'X-Tags': '["ü"]', Keywords: 'ü', 'List-Id': 'Ü <ü.test>' } },
    ],
  ])('but not %s', (_what, some) => {
    expect(notAsciiIn({ ...parts, ...some })).toBeUndefined();
    expect(messageHead({ ...parts, ...some })).toMatch(/^[\0-\x7f]*$/);
  });
});
