// Reads a notice: what a mail server says in words about an email that it could not deliver. Its layouts are in notice-rules.ts.
import { bounds } from './bounds.ts';
import { type Fields, isFieldName, noFields, readFields } from './fields.ts';
import { bounceRules, delayRules, endRules, gaveUpRules, type LineRule, noticeRules } from './notice-rules.ts';

export interface Notice {
  lines: readonly string[];
  /** The head of the email, where it stands behind the notice. */
  returned: Fields;
}

const matches = (rules: readonly LineRule[], text: string) => rules.some(({ match }) => match.test(text));

/** Whether the sender or the subject is one of a bounce. */
export function isNotice(from: string, subject: string): boolean {
  return matches(noticeRules, from) || matches(noticeRules, subject);
}

/** Whether the first lines are those of a bounce. */
export function tellsOfBounce({ lines }: Notice): boolean {
  return lines.slice(0, 40).some((line) => matches(bounceRules, line));
}

/** Parts the notice from the email that may follow it in the same text. */
export function readNotice(text: string): Notice {
  const all = text.split('\n', bounds.lines).map((line) => line.slice(0, bounds.lineCharacters).trimEnd());
  const end = all.findIndex((line, index) => matches(endRules, line.trim()) || isHead(all, index));
  if (end === -1) return { lines: all, returned: noFields };
  return { lines: all.slice(0, end), returned: headBehind(all.slice(end)) };
}

/** A head that nothing announces: fields one below the other, with one that only heads have. */
function isHead(lines: readonly string[], index: number): boolean {
  if (!/^(message-id|subject|from|date|to|x-\S{1,40}|mime-version): ?\S/i.test(lines[index] ?? '')) return false;
  const next = lines.slice(index, index + 12);
  const end = next.indexOf('');
  const block = next.slice(0, end === -1 ? next.length : end);
  const names = block.flatMap((line) => /^([a-z-]{2,40}):/i.exec(line)?.[1]?.toLowerCase() ?? []);
  return (
    names.length >= 4 &&
    names.includes('from') &&
    names.includes('subject') &&
    (names.includes('message-id') || names.includes('date'))
  );
}

function headBehind(lines: readonly string[]): Fields {
  // Indented heads come from list servers.
  const start = lines.findIndex((line) => isFieldName(line.trim().split(':', 1)[0] ?? '') && line.includes(':'));
  if (start === -1) return noFields;
  const indent = /^\s*/.exec(lines[start] ?? '')?.[0].length ?? 0;
  return readFields(
    lines
      .slice(start)
      .map((line) => line.slice(Math.min(indent, line.search(/\S|$/))))
      .join('\n'),
  ).fields;
}

/** Whether the server goes on trying. */
export function isDelay(subject: string, lines: readonly string[]): boolean {
  if (matches(delayRules, subject)) return true;
  if (matches(gaveUpRules, subject)) return false;
  return lines.some((line) => matches(delayRules, line)) && !lines.some((line) => matches(gaveUpRules, line));
}
