// The content of a message on a queue: ids of rows and nothing else, because the rows are the truth.
import { isEmailId } from '../store/emails/email.ts';

/** Most ids read from a message: more than we write, but few enough that one message is not a flood. */
const mostRead = 100;

/** `{"id": "…"}`, or `{"ids": ["…", …]}` where there are several. */
export function writeMessage(ids: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(ids.length === 1 ? { id: ids[0] } : { ids }));
}

/** The ids of a message; undefined when it is not one of ours. */
export function readMessage(content: Buffer): string[] | undefined {
  try {
    return readIds(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}

/** The ids in parsed data, of a message or of a CloudEvent. */
export function readIds(said: unknown): string[] | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const ids: unknown = 'ids' in said ? said.ids : 'id' in said ? [said.id] : undefined;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > mostRead) return undefined;
  return ids.every((id) => typeof id === 'string' && isEmailId(id)) ? ids.map((id) => id.toLowerCase()) : undefined;
}
