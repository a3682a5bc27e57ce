// Large emails: 39 MB arrive byte for byte; many of them neither kill a small worker nor hold up a small email; and what is stored of them goes with them.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

/** Of V8's heap, for each function: that of a container with 256 MB or less. */
const heapMegabytes = 96;
const mostMegabytes = 256;

let ground: WholeApi;
/** Messages that have arrived: their text where `keep` says so, else how long they are. */
const arrived: { to: string; bytes: number; raw: Buffer; at: number }[] = [];
let keep = true;
/** Those to `many…` get no reply before it. */
let held: Promise<void> = Promise.resolve();

beforeAll(async () => {
  ground = await startWholeApi({
    settings: { NODE_OPTIONS: `--max-old-space-size=${heapMegabytes}`, LOG_LEVEL: 'warn' },
    smtpServer: {
      onData(stream, { envelope }, callback) {
        const pieces: Buffer[] = [];
        let bytes = 0;
        stream.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (keep) pieces.push(piece);
        });
        stream.on('end', () => {
          const to = envelope.rcptTo[0]?.address ?? '';
          arrived.push({ to, bytes, raw: Buffer.concat(pieces), at: performance.now() });
          void (to.startsWith('many') ? held : Promise.resolve()).then(() => callback(null, '2.0.0 taken'));
        });
      },
    },
  });
});
afterAll(() => ground?.stop());

const good = { from: 'a@example.com', subject: 'Large', text: 'Here it is.' };
const attached = (bytes: Buffer, over: object = {}) => ({
  filename: 'a.bin',
  content: bytes.toString('base64'),
  ...over,
});
async function accept(body: object, headers = {}): Promise<string> {
  const response = await ground.api.send({ ...good, ...body }, headers);
  expect(response.status).toBe(202);
  return (await json(response)).id;
}
const arrivalOf = (to: string) => eventually(async () => arrived.find((message) => message.to === to), 60_000);
const chunks = async (id?: string) => {
  const [row] = await ground.database.sql<{ count: number }[]>`
    select count(*)::integer from email_attachments where email_id = ${id ?? null}::uuid or ${id === undefined}`;
  return row?.count ?? 0;
};
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const peakMegabytes = (pid: number) =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000;

describe('an email', () => {
  it('of 39 MB arrives byte for byte', async () => {
    const bytes = randomBytes(29_200_000);
    const id = await accept({ to: 'large@example.com', attachments: [attached(bytes)] });
    const { raw } = (await arrivalOf('large@example.com')) ?? {};
    const { attachments, text } = await simpleParser(raw ?? '');
    expect(text?.trim()).toBe(good.text);
    expect(attachments.map(({ content }) => hash(content))).toEqual([hash(bytes)]);
    expect(await ground.api.read(`/emails/${id}`)).toMatchObject({
      attachments: [{ filename: 'a.bin', size: bytes.length, content_type: null, content_id: null }],
    });
  });

  it.each([
    ['of one byte more than lines have', [57 * 3 + 1]],
    ['of as much as a chunk has', [57 * 8_192]],
    ['of a byte less and one more than that', [57 * 8_192 - 1, 57 * 8_192 + 1]],
    ['of nothing, and of as much as is kept', [0, 700_000]],
    ['of several chunks, beside a small one', [2_000_000, 3, 1_500_000]],
  ])('with attachments %s', async (what, sizes) => {
    const to = `${sizes.join('-')}@example.com`;
    const contents = sizes.map((size) => randomBytes(size));
    await accept({
      to,
      html: '<img src="cid:c1">',
      attachments: contents.map((content, index) => attached(content, { content_id: `c${index}` })),
    });
    const { attachments } = await simpleParser((await arrivalOf(to))?.raw ?? '');
    const byId = new Map(attachments.map(({ cid, content }) => [cid, hash(content)]));
    expect(
      contents.map((_, index) => byId.get(`c${index}`)),
      what,
    ).toEqual(contents.map(hash));
  });

  it.each([
    ['short', 30, true],
    ['as long as is made at once', 400, true],
    ['longer', 700, true],
    ['as long as the claim brings along, and longer', 1_800, true],
    ['too long', 6_000, false],
  ])('of HTML alone has a text part where the HTML is %s', async (_, rows, hasText) => {
    const html = `<table>${'<tr><td>Grüße, <b>cell</b> and more</td></tr>'.repeat(rows)}</table>`;
    const read = async (to: string) => {
      await accept({ to, text: undefined, html });
      return simpleParser((await arrivalOf(to))?.raw ?? '', { skipHtmlToText: true });
    };
    let parsed = await read(`html-${rows}@example.com`);
    // Making it has 10 s; where the machine had no time for it, another email shows it.
    for (let more = 0; hasText && parsed.text === undefined && more < 10; more += 1)
      parsed = await read(`html-${rows}-${more}@example.com`);
    expect(parsed.html ? parsed.html.trim() : undefined).toBe(html);
    expect(parsed.text?.match(/Grüße, cell and more/g)?.length).toBe(hasText ? rows : undefined);
  });

  it('of a large text arrives, and so does one from before attachments had a table', async () => {
    const text = 'Grüße und mehr\n'.repeat(200_000);
    await accept({ to: 'text@example.com', text, attachments: [attached(Buffer.from('beside'))] });
    const large = await simpleParser((await arrivalOf('text@example.com'))?.raw ?? '');
    expect(large.text?.trim()).toBe(text.trim());
    expect(large.attachments.map(({ content }) => content.toString())).toEqual(['beside']);

    for (const size of [3, 300_000]) {
      const to = `old-${size}@example.com`;
      const content = randomBytes(size);
      const id = await accept({
        to,
        attachments: [attached(Buffer.from('x'))],
        scheduled_at: new Date(Date.now() + 3_600_000),
      });
      const old = [{ ...attached(content), content_type: null, content_id: null, size }];
      await ground.database.sql`
        with gone as (delete from email_attachments where email_id = ${id}),
             moved as (update email_contents set attachments = ${JSON.stringify(old)}::text::jsonb where email_id = ${id})
        update emails set scheduled_at = now(), due_at = now() where id = ${id}`;
      const { attachments } = await simpleParser((await arrivalOf(to))?.raw ?? '');
      expect(attachments.map((attachment) => hash(attachment.content))).toEqual([hash(content)]);
      expect(await ground.api.read(`/emails/${id}`)).toMatchObject({ attachments: [{ filename: 'a.bin', size }] });
    }
  });
});

describe('what is stored of attachments', () => {
  it('is nothing of a request that is answered as before', async () => {
    const before = await chunks();
    const body = { to: 'once@example.com', attachments: [attached(randomBytes(1_000_000))] };
    const headers = { 'idempotency-key': 'once' };
    const ids = await Promise.all(Array.from({ length: 4 }, () => accept(body, headers)));
    expect(new Set(ids).size).toBe(1);
    expect(await chunks(ids[0])).toBe(3);
    expect(await chunks()).toBe(before + 3);
  });

  it('goes with the contents, and with the email', async () => {
    const [one, other] = await Promise.all(
      ['gone1@example.com', 'gone2@example.com'].map((to) => accept({ to, attachments: [attached(randomBytes(9))] })),
    );
    await arrivalOf('gone1@example.com');
    await arrivalOf('gone2@example.com');
    expect([await chunks(one), await chunks(other)]).toEqual([1, 1]);
    await ground.database.sql`delete from email_contents where email_id = ${one ?? ''}`;
    await ground.database.sql`delete from emails where id = ${other ?? ''}`;
    expect([await chunks(one), await chunks(other)]).toEqual([0, 0]);
  });
});

describe('many large emails', () => {
  it('are delivered by a small worker, and a small one beside them waits for none', async () => {
    keep = false;
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const { consume } = ground.api.functions;
    const attachments = [attached(randomBytes(3_700_000))];
    const html = `<p>${'large '.repeat(800_000)}</p>`;
    for (let sent = 0; sent < 30; sent += 2)
      await Promise.all([
        accept({ to: `many${sent}@example.com`, attachments }),
        accept({ to: `many${sent + 1}@example.com`, html }),
      ]);
    for (let beside = 0; beside < 3; beside += 1) {
      // While the large ones are held: it would wait for ever if it waited for one of them.
      await accept({ to: `beside${beside}@example.com` });
      await arrivalOf(`beside${beside}@example.com`);
    }
    const isMany = ({ to, bytes }: { to: string; bytes: number }) => to.startsWith('many') && bytes > 4_000_000;
    // What waits has no connection.
    expect(arrived.filter(isMany).length).toBeLessThanOrEqual(5);
    release();
    await expect.poll(() => arrived.filter(isMany).length, { timeout: 60_000 }).toBe(30);
    expect(peakMegabytes(consume.child.pid)).toBeLessThan(mostMegabytes);
  });
});
