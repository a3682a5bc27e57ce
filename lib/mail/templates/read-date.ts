// The moment that a value of a template means. What the host's time zone is plays no part.
import { timeOf } from '../../http/time.ts';
import { momentOf, type TimeZone } from './time-zones.ts';

const isoForm = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?\s?(Z|[+-]\d\d(?::?\d\d)?)?$/i;
/** How other forms (RFC 5322, `July 1, 2026 12:00`) say their zone. */
const zoneForm = /(?:\b(?:UTC?|GMT|Z|[ECMP][SD]T)|(?<=\d)Z|(?:\b(?:UTC|GMT))?[+-]\d\d:?\d\d)(?:\s*\([^()]*\))?$/i;
/** Longer text is no date. */
export const maxDate = 100;

/**
 * Milliseconds since 1970 of a number or of digits (seconds since then), `now` and `today`, or a date as text: one that does not say its
 * zone is of `zone`. Undefined where there is no such date (30 February, 24:00): the template then shows what was given.
 */
export function readDate(value: unknown, zone: TimeZone, now = Date.now()): number | undefined {
  if (typeof value === 'number') return usable(value * 1000);
  if (typeof value !== 'string' || value.length > maxDate) return undefined;
  const text = value.trim();
  if (text === 'now' || text === 'today') return now;
  if (/^\d+$/.test(text)) return usable(Number(text) * 1000);
  const [iso, day = '', time = '00:00', offset] = isoForm.exec(text) ?? [];
  const read = iso === undefined ? otherForm(text) : timeOf(`${day}T${time}${offset?.toUpperCase() ?? 'Z'}`)?.getTime();
  if (read === undefined) return undefined;
  const saysZone = iso === undefined ? zoneForm.test(text) : offset !== undefined;
  return usable(saysZone ? read : momentOf(read, zone));
}

/** As JavaScript reads it; a day that has become another one was none. */
function otherForm(text: string): number | undefined {
  const wall = Date.parse(`${text.replace(zoneForm, '')} UTC`);
  if (Number.isNaN(wall)) return undefined;
  const day = new Date(wall).getUTCDate();
  if (!text.match(/\d+/g)?.some((digits) => Number(digits) === day)) return undefined;
  return zoneForm.test(text) ? usable(Date.parse(text)) : wall;
}

/** From year 0 to 9999. */
function usable(ms: number): number | undefined {
  return ms >= -62_167_219_200_000 && ms < 253_402_300_800_000 ? ms : undefined;
}
