// Points in time as callers write them. A time that there is not (30 February, 24:00, year 0) is refused, never turned into another.

/** RFC 3339, with the seconds left out or an offset in short form where the schemas allow it. */
const timeForm = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)$/;
/** Longest text of that form. */
export const maxTime = 40;

/** From 0001-01-01 to 9999-12-31 in UTC: PostgreSQL has no year 0, and `toISOString` writes later years in a form it does not read. */
export const earliestMs = Date.parse('0001-01-01T00:00:00Z');
export const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/** The time that `text` says, to the millisecond; undefined where there is no such time. A leap second is none to PostgreSQL either. */
export function timeOf(text: string): Date | undefined {
  const parts = timeForm.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((digits) => Number(digits ?? 0)) as Six;
  const [offsetHour, offsetMinute] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // 30 February has become 2 March.
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const milliseconds = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offset = (offsetHour * 60 + offsetMinute) * (parts[8] === '-' ? -1 : 1);
  const at = date.setUTCHours(hour, minute - offset, second, milliseconds);
  return at >= earliestMs && at <= latestMs ? date : undefined;
}

type Six = [number, number, number, number, number, number];
