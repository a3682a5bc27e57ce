// Time zones of templates: what the clock shows in one at a moment, and the moment at which it shows that.
import { LRUCache } from 'lru-cache';

/** A name of the IANA database, `+02:00`, or minutes behind UTC as liquidjs has them. */
export type TimeZone = string | number;

/** Formats for the zones that were asked for last; each takes some kilobytes. */
const clocks = new LRUCache<string, Intl.DateTimeFormat>({ max: 50 });
const everyPart = {
  ...({ year: 'numeric', month: 'numeric', day: 'numeric' } as const),
  ...({ hour: 'numeric', minute: 'numeric', second: 'numeric' } as const),
};
const minuteMs = 60_000;

export function isTimeZone(name: string): boolean {
  try {
    offsetMinutes(name, 0);
    return true;
  } catch {
    return false;
  }
}

/** Minutes that the zone's clock is ahead of UTC at a moment (ms since 1970). Throws for an unknown zone. */
export function offsetMinutes(zone: TimeZone, at: number): number {
  if (typeof zone === 'number') return -zone;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  if (sign !== undefined) return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  if (zone === 'UTC') return 0;
  const part: Record<string, number> = {};
  for (const { type, value } of clockOf(zone).formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  const shown = new Date(0);
  shown.setUTCFullYear(year, month - 1, day);
  shown.setUTCHours(hour, minute, second);
  return Math.round((shown.getTime() - Math.floor(at / 1000) * 1000) / minuteMs);
}

/** The moment at which the zone's clock shows `wall` (as ms since 1970 in UTC): of two, the first; where the clock skips it, as much later. */
export function momentOf(wall: number, zone: TimeZone): number {
  const [before, after] = [-1, 1].map((days) => offsetMinutes(zone, wall + days * 1_440 * minuteMs)) as [
    number,
    number,
  ];
  const candidates = [before, after].map((offset) => wall - offset * minuteMs);
  const shown = candidates.find((at) => at + offsetMinutes(zone, at) * minuteMs === wall);
  return shown ?? wall - before * minuteMs;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  try {
    const clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...everyPart });
    clocks.set(zone, clock);
    return clock;
  } catch {
    throw new Error(`there is no time zone ${JSON.stringify(zone.slice(0, 50))}`);
  }
}
