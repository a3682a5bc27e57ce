// The headers that get the id of an email: a provider reports of the email that they name, so no client may name another one.
import { expect, it } from 'vitest';
import type { ClaimedEmail } from '../../lib/store/emails/claim.ts';
import { composed } from './compose.ts';

const id = '01890000-0000-7000-8000-000000000001';
const other = '01890000-0000-7000-8000-000000000002';
const from = { email: 'a@example.com' };

function headOf(custom_headers: Record<string, string>, idHeaders: readonly string[]): string[] {
  const email = {
    ...{ id, subject: 'Hello', message_id: `<${id}@example.com>`, accepted_at: new Date(0), content_bytes: 5 },
    ...{ headers: { from, to: [{ ...from, email: 'b@example.com' }], cc: [], reply_to: [] }, custom_headers },
    ...{ text_body: 'Hello', html_body: null, attachments: [] },
  } as unknown as ClaimedEmail;
  const contents = {
    readContents: async () => undefined,
    textOf: async () => undefined,
    readAttachments: () => async function* () {},
    idHeaders,
  };
  const message = composed(email, contents, (fault) => {
    throw fault;
  });
  return String(message)
    .split(/\r?\n/)
    .filter((line) => /^x-/i.test(line));
}

it.each(['X-PM-Metadata-email-id', 'x-pm-metadata-email-id', 'X-Pm-Metadata-Email-Id'])(
  'a client that gives %s does not say which email is reported of',
  (name) => {
    expect(headOf({ [name]: other }, ['X-PM-Metadata-email-id'])).toEqual([`X-PM-Metadata-email-id: ${id}`]);
  },
);

it('each of several headers gets the id, and others of the client stay', () => {
  expect(headOf({ 'x-one': other, 'X-Mine': '1', 'X-TWO': other }, ['X-One', 'X-Two'])).toEqual([
    'X-Mine: 1',
    `X-One: ${id}`,
    `X-Two: ${id}`,
  ]);
});

it('without such headers, those of the client are as they were given', () => {
  expect(headOf({ 'x-one': other }, [])).toEqual([`x-one: ${other}`]);
});
