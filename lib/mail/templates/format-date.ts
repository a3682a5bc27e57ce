// Dates as templates write them: strftime with the conversions and flags of liquidjs, in any time zone, the same on every host.
import { offsetMinutes, type TimeZone } from './time-zones.ts';

/** What `date` writes without a format, as in liquidjs. */
export const usualFormat = '%A, %B %-e, %Y at %-l:%M %P %z';

/** Longest number with padding. */
const mostPadded = 10_000;
const conversion = /%([-_0^#:]+)?(\d+)?[EO]?(.)/gs;
const months = 'January February March April May June July August September October November December'.split(' ');
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** A moment as the clock of a zone shows it: the parts of `wall` in UTC are those of the zone. */
interface Shown {
  wall: Date;
  at: number;
  zone: TimeZone;
  offset: number;
  width: number;
  colon: boolean;
}

type Conversion = (shown: Shown) => string | number;

const hour12 = ({ wall }: Shown) => wall.getUTCHours() % 12 || 12;
const month = ({ wall }: Shown) => months[wall.getUTCMonth()] ?? '';
const weekday = ({ wall }: Shown) => days[wall.getUTCDay()] ?? '';
const local = (options: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
  return ({ wall }: Shown) => format.format(wall);
};
const day = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;

const conversions: Record<string, Conversion> = {
  a: (shown) => weekday(shown).slice(0, 3),
  A: weekday,
  b: (shown) => month(shown).slice(0, 3),
  B: month,
  c: local({ ...day, ...clock }),
  C: ({ wall }) => Math.floor(wall.getUTCFullYear() / 100),
  d: ({ wall }) => wall.getUTCDate(),
  e: ({ wall }) => wall.getUTCDate(),
  H: ({ wall }) => wall.getUTCHours(),
  h: (shown) => month(shown).slice(0, 3),
  I: hour12,
  j: ({ wall }) => dayOfYear(wall),
  k: ({ wall }) => wall.getUTCHours(),
  l: hour12,
  L: ({ wall }) => wall.getUTCMilliseconds(),
  m: ({ wall }) => wall.getUTCMonth() + 1,
  M: ({ wall }) => wall.getUTCMinutes(),
  N: ({ wall, width }) =>
    String(wall.getUTCMilliseconds())
      .padStart(3, '0')
      .slice(0, width || 9)
      .padEnd(width || 9, '0'),
  p: ({ wall }) => (wall.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: ({ wall }) => (wall.getUTCHours() < 12 ? 'am' : 'pm'),
  q: ({ wall }) => ordinal(wall.getUTCDate()),
  s: ({ at }) => Math.floor(at / 1000),
  S: ({ wall }) => wall.getUTCSeconds(),
  u: ({ wall }) => wall.getUTCDay() || 7,
  U: ({ wall }) => weekOfYear(wall, 0),
  w: ({ wall }) => wall.getUTCDay(),
  W: ({ wall }) => weekOfYear(wall, 1),
  x: local(day),
  X: local(clock),
  y: ({ wall }) => wall.getUTCFullYear() % 100,
  Y: ({ wall }) => wall.getUTCFullYear(),
  z: offsetText,
  Z: (shown) => (typeof shown.zone === 'string' && shown.zone !== 'UTC' ? shown.zone : offsetText(shown)),
  t: () => '\t',
  n: () => '\n',
  '%': () => '%',
};
const widths: Record<string, number> = {
  j: 3,
  L: 3,
  Y: 4,
  ...Object.fromEntries([...'CdeHIklmMSUWy'].map((name) => [name, 2])),
};

/** `at` is in ms since 1970. Throws for an unknown zone, and a `RangeError` for more padding than a number may have. */
export function formatDate(at: number, format: string, zone: TimeZone): string {
  const offset = offsetMinutes(zone, at);
  const wall = new Date(at + offset * 60_000);
  return format.replace(conversion, (whole, flags: string = '', digits: string = '', name: string) => {
    const convert = conversions[name];
    if (convert === undefined) return whole;
    const width = Number(digits);
    if (width > mostPadded) throw new RangeError(`a date may be padded to ${mostPadded} characters`);
    return padded(String(convert({ wall, at, zone, offset, width, colon: flags.includes(':') })), name, flags, width);
  });
}

function padded(text: string, name: string, flags: string, width: number): string {
  const cased = flags.includes('^') ? text.toUpperCase() : flags.includes('#') ? swapped(text) : text;
  if (flags.includes('-')) return cased;
  const isSpace = flags.includes('_') || (!flags.includes('0') && 'aAbBceklpP'.includes(name));
  const long = width || widths[name] || 0;
  return !isSpace && cased.startsWith('-')
    ? `-${cased.slice(1).padStart(long - 1, '0')}`
    : cased.padStart(long, isSpace ? ' ' : '0');
}

/** Capitals where there are small letters, and small letters where there are none. */
function swapped(text: string): string {
  return /[a-z]/.test(text) ? text.toUpperCase() : text.toLowerCase();
}

function offsetText({ offset, colon }: Shown): string {
  const minutes = Math.abs(offset);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon ? ':' : ''}${two(minutes % 60)}`;
}

function dayOfYear(wall: Date): number {
  const first = new Date(wall);
  first.setUTCMonth(0, 1);
  return Math.round((wall.getTime() - first.getTime()) / 86_400_000) + 1;
}

/** Days before the first `startDay` of the year are of week 0. */
function weekOfYear(wall: Date, startDay: number): number {
  return Math.floor((dayOfYear(wall) - 1 - ((wall.getUTCDay() - startDay + 7) % 7) + 7) / 7);
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th';
  return ({ 1: 'st', 2: 'nd', 3: 'rd' } as Record<number, string>)[day % 10] ?? 'th';
}
