// Reads the fields of a head, or of a machine-readable report: bounded, unfolded, by their lower-case names.
import { bounds } from './bounds.ts';

export type Fields = ReadonlyMap<string, readonly string[]>;

export const noFields: Fields = new Map();

/** The fields at the beginning of a text whose lines end in LF, and where what follows their empty line begins. */
export function readFields(text: string, start = 0): { fields: Fields; end: number } {
  const fields = new Map<string, string[]>();
  const most = Math.min(text.length, start + bounds.headOctets);
  let position = start;
  let count = 0;
  let last: string[] | undefined;
  while (position < most) {
    const newline = text.indexOf('\n', position);
    const end = newline === -1 || newline > most ? most : newline;
    const line = text.slice(position, Math.min(end, position + bounds.fieldCharacters)).trimEnd();
    position = end + 1;
    if (line === '') break;
    const folded = line.startsWith(' ') || line.startsWith('\t');
    if (folded && last !== undefined) {
      const value = `${last.at(-1)} ${line.trim()}`;
      last[last.length - 1] = value.slice(0, bounds.fieldCharacters).trim();
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase();
    // A line that is no field is left out, as some servers write one into their heads.
    if (!isFieldName(name) || ++count > bounds.fields) {
      last = undefined;
      continue;
    }
    last = fields.get(name) ?? [];
    last.push(line.slice(colon + 1).trim());
    fields.set(name, last);
  }
  return { fields, end: Math.min(position, text.length) };
}

/** The first value of a field; empty if there is none. */
export function field(fields: Fields, ...names: string[]): string {
  for (const name of names) {
    const value = fields.get(name)?.find((each) => each !== '');
    if (value !== undefined) return value;
  }
  return '';
}

/** RFC 5322 §3.6.8, as names in use are. */
export function isFieldName(text: string): boolean {
  return text.length <= 76 && /^[a-z0-9][a-z0-9_.-]*$/i.test(text);
}
