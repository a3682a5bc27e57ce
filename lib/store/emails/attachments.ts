// Attachments: stored in chunks as they go on the wire (base64 in lines), read as they are needed.
import type { Fragment, Query } from '../database.ts';
import type { NewEmail } from './acceptance.ts';
import { bytesInLines, inLines, lineBytes } from './base64-lines.ts';
import type { Attachment, GivenAttachment } from './email.ts';

/** Of a chunk, 8,192 lines: so that a worker holds little of a large email, and few statements bring it. */
const chunkBytes = 8_192 * lineBytes;
/** Attachments of one email that together have no more than this are read at once and kept, so that a signature needs no second look. */
const keptBytes = 1_000_000;
/** Sent to the database before it has answered for the first of it. */
const bytesAhead = 2_000_000;

/** Brings an attachment by its place among those of its email, as it goes on the wire; as often as it is asked. */
export type ReadAttachment = (position: number) => AsyncIterable<Buffer>;

/** Characters on the wire. */
export function wireLength({ size }: Pick<Attachment, 'size'>): number {
  return bytesInLines(Math.ceil(size / 3) * 4);
}

export function wireLengths(attachments: readonly Pick<Attachment, 'size'>[]): number {
  return attachments.reduce((total, attachment) => total + wireLength(attachment), 0);
}

function* chunksOf(wire: Uint8Array): Generator<Buffer> {
  const bytes = Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength);
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export function hasAttachments({ attachments }: Pick<NewEmail, 'attachments'>): boolean {
  return attachments.length > 0;
}

/** Attachments of a group of emails that together have no more than this go with the statement that accepts the emails: two turns fewer. */
const mostInOneStatement = 500_000;

/** Chunks of all attachments of some emails, one by one with their keys, as parameters of one statement. */
export interface JoinedChunks {
  /** JSON: `[{email_id, position, chunk}]`. */
  keys: string;
  /** With a space between them, which base64 does not have. */
  data: string;
}

/** Undefined where it is too much for one statement. */
export function joinChunks(emails: readonly NewEmail[]): JoinedChunks | undefined {
  const total = emails.reduce((sum, { attachments }) => sum + wireLengths(attachments), 0);
  if (total > mostInOneStatement) return undefined;
  const chunks = emails.flatMap(({ id, attachments }) =>
    attachments.flatMap(({ wire }, position) =>
      [...chunksOf(wire)].map((bytes, chunk) => ({ key: { email_id: id, position, chunk }, bytes })),
    ),
  );
  const data = chunks.map(({ bytes }) => bytes.toString('latin1')).join(' ');
  return { keys: JSON.stringify(chunks.map(({ key }) => key)), data };
}

/** A part of the accepting statement: stores the chunks of those emails that are in its part `new`. */
export function storingJoined(sql: Query, { keys, data }: JoinedChunks): Fragment {
  return sql`, attached as (
      insert into email_attachments (email_id, position, chunk, data)
      select email_id, position, chunk, data
      from rows from (
        json_to_recordset(${keys}::text::json) as (email_id uuid, position smallint, chunk smallint),
        string_to_table(${data}::text, ' ')) as given_chunk(email_id, position, chunk, data)
      where email_id in (select id from new)
    )`;
}

/** Stores those of new emails. To be called in the transaction that stores the emails; `forgetAttachments` takes back those of others. */
export async function storeAttachments(sql: Query, emails: readonly NewEmail[]): Promise<void> {
  let underWay: Promise<unknown>[] = [];
  let ahead = 0;
  for (const { id, attachments } of emails) {
    for (const [position, { wire }] of attachments.entries()) {
      let chunk = 0;
      for (const bytes of chunksOf(wire)) {
        const data = bytes.toString('latin1');
        underWay.push(
          sql`insert into email_attachments (email_id, position, chunk, data) values (${id}, ${position}, ${chunk}, ${data})`.execute(),
        );
        chunk += 1;
        ahead += data.length;
        if (ahead < bytesAhead) continue;
        await Promise.all(underWay);
        underWay = [];
        ahead = 0;
      }
    }
  }
  await Promise.all(underWay);
}

export async function forgetAttachments(sql: Query, ids: string[]): Promise<void> {
  await sql`delete from email_attachments where email_id = any(${ids}::uuid[])`;
}

/** Reads attachments of a request. */
export function givenAttachments(attachments: readonly GivenAttachment[]): ReadAttachment {
  return async function* (position) {
    const attachment = attachments[position];
    if (attachment === undefined) throw new Error(`there is no attachment ${position}`);
    yield* chunksOf(attachment.wire);
  };
}

type Ask = <Result>(query: () => Promise<Result>) => Promise<Result>;

/** Reads attachments of the email with this id. `ask` may put a query again. */
export function storedAttachments(
  sql: Query,
  id: string,
  attachments: readonly Attachment[],
  ask: Ask = (query) => query(),
): ReadAttachment {
  const isKept = wireLengths(attachments) <= keptBytes;
  let kept: Promise<Map<number, Buffer[]>> | undefined;
  return async function* (position) {
    const attachment = attachments[position];
    if (attachment === undefined) throw new Error(`there is no attachment ${position}`);
    if (attachment.content !== undefined) return yield* chunksOf(fromBefore(attachment.content));
    let length = 0;
    const missing = wireLength(attachment);
    if (isKept) {
      kept ??= ask(() => readAll(sql, id));
      for (const data of (await kept).get(position) ?? []) {
        length += data.length;
        yield data;
      }
    } else {
      for (let chunk = 0; length < missing; chunk += 1) {
        const data = await ask(() => readChunk(sql, id, position, chunk));
        if (data === undefined) break;
        length += data.length;
        yield data;
      }
    }
    // Deleted in this very moment: by whoever holds the email since our claim was lost.
    if (length !== missing) throw new Error(`attachment ${position} is not whole`);
  };
}

function fromBefore(content: string): Uint8Array {
  const wire = inLines(Buffer.from(content));
  if (wire === undefined) throw new Error('an attachment is not base64');
  return wire;
}

/** Chunks by position. Raw, as bytes: a text would be decoded for nothing. */
async function readAll(sql: Query, id: string): Promise<Map<number, Buffer[]>> {
  const rows = await sql<{ position: number; data: string }[]>`
    select position, data from email_attachments where email_id = ${id} order by position, chunk`.raw();
  const all = new Map<number, Buffer[]>();
  for (const [position, data] of rows as Buffer[][]) {
    if (position === undefined || data === undefined) continue;
    const of = Number(position.toString());
    all.set(of, [...(all.get(of) ?? []), data]);
  }
  return all;
}

async function readChunk(sql: Query, id: string, position: number, chunk: number): Promise<Buffer | undefined> {
  const rows = await sql<{ data: string }[]>`
    select data from email_attachments where email_id = ${id} and position = ${position} and chunk = ${chunk}`.raw();
  return (rows as Buffer[][])[0]?.[0];
}
