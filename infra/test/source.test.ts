// GET /emails/{id}/source: the message that it gives is the one that arrives.
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, getToken, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;

beforeAll(async () => {
  ground = await startWholeApi();
});
afterAll(async () => {
  await ground?.stop();
});

const plain = { from: 'Shop <shop@example.com>', to: 'a@example.com', subject: 'Größe', text: 'Grüße\nund mehr' };
const whole = {
  ...plain,
  to: ['a@example.com', { email: 'b@example.com', name: 'B' }],
  cc: 'c@example.com',
  bcc: 'hidden@example.com',
  reply_to: 'help@example.com',
  html: '<p>Grüße</p><img src="cid:logo">',
  headers: { 'X-Order': '7' },
  attachments: [
    { filename: 'ä.bin', content: Buffer.from([0, 13, 10, 255]).toString('base64') },
    { filename: 'logo.gif', content: 'R0lGODlhAQABAAAAACw=', content_type: 'image/gif', content_id: 'logo' },
  ],
};

async function accepted(body: object, headers = {}): Promise<string> {
  const response = await ground.api.send(body, headers);
  expect(response.ok).toBe(true);
  return (await json(response)).id;
}

const source = (id: string, token = ground.api.token) =>
  fetch(`${ground.api.functions.history.url}/emails/${id}/source`, { headers: { authorization: `Bearer ${token}` } });

/** What a mail program reads, without what differs by design: boundaries, and what relays add. */
async function read(message: string | Buffer) {
  const { headerLines, headers: _, text, html, attachments } = await simpleParser(message);
  const own = headerLines.filter(({ key }) => !['received', 'content-type'].includes(key));
  return {
    ...{ headers: own.map(({ line }) => line), text, html },
    attachments: attachments.map(({ filename, contentType, cid, content }) => ({
      ...{ filename, contentType, cid },
      content: content.toString('hex'),
    })),
  };
}

async function expectUnknown(response: Response, detail: string) {
  expect({ status: response.status, ...(await json(response)) }).toMatchObject({
    ...{ status: 404, name: 'not_found', detail },
  });
}

describe('the source', () => {
  it.each([
    ['a text', plain],
    ['everything', whole],
  ])('of %s is what arrives', async (_what, body) => {
    const id = await accepted(body, { prefer: 'wait=30' });
    const response = await source(id);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${id}.eml"`,
      'cache-control': 'no-store',
    });
    const message = Buffer.from(await response.arrayBuffer());
    expect(message.toString('latin1')).not.toMatch(/(^|[^\r])\n/);
    expect(message.toString()).not.toContain('hidden@example.com');
    const arrived = ground.smtp.received.find(({ raw }) => raw.includes(`<${id}@`));
    expect(await read(message)).toEqual(await read(arrived?.raw ?? ''));
    expect((await read(message)).attachments.length).toBe('attachments' in body ? 2 : 0);
  });

  it('is there before anything is sent', async () => {
    const id = await accepted({ ...plain, scheduled_at: new Date(Date.now() + 3_600_000).toISOString() });
    const { subject, text } = await simpleParser(await (await source(id)).text());
    expect({ subject, text: text?.trim() }).toEqual({ subject: plain.subject, text: plain.text });
  });

  it('is unknown of an email of another client, and of none', async () => {
    const id = await accepted(plain);
    admin(ground.database.url, 'client', 'ensure', '--demo', 'other', '--secret', 's', '--scope', 'basic');
    const client = { client_id: 'other', client_secret: 's', scope: 'basic' };
    const other = await getToken(ground.api.functions.token.url, client);
    await expectUnknown(await source(id, other), `You have no email with the id ${id}.`);
    await expectUnknown(await source('1'), 'You have no email with the id 1.');
  });

  it('is gone with the contents', async () => {
    const id = await accepted(plain, { prefer: 'wait=30' });
    await ground.database.sql`delete from email_contents where email_id = ${id}`;
    const gone = 'This email has no message any more: its contents have been purged or erased.';
    await expectUnknown(await source(id), gone);
    const erased = await accepted({ ...plain, to: 'forgotten@example.com' }, { prefer: 'wait=30' });
    admin(ground.database.url, 'erase', 'forgotten@example.com');
    await expectUnknown(await source(erased), gone);
  });
});
