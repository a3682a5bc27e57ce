// The date filters of liquidjs, for the time zone of the operator's setting in place of the host's.
import type { Context } from 'liquidjs';
import { formatDate, usualFormat } from './format-date.ts';
import { readDate } from './read-date.ts';
import type { TimeZone } from './time-zones.ts';

/** As the filters see it. */
interface FilterThis {
  context: Context;
}

/** A context that knows its zone; others are of UTC. */
export interface Zoned {
  timeZone?: TimeZone;
}

export const dateFilters = {
  /** The third argument is the zone to show it in: a name, `+02:00`, or minutes behind UTC. */
  date(this: FilterThis, value: unknown, format?: unknown, zone?: unknown) {
    return write(this, value, format === undefined || format === null ? usualFormat : String(format), zone);
  },
  date_to_xmlschema(this: FilterThis, value: unknown) {
    return write(this, value, '%Y-%m-%dT%H:%M:%S%:z');
  },
  date_to_rfc822(this: FilterThis, value: unknown) {
    return write(this, value, '%a, %d %b %Y %H:%M:%S %z');
  },
  date_to_string(this: FilterThis, value: unknown, type?: unknown, style?: unknown) {
    return write(this, value, dayFormat('%b', type, style));
  },
  date_to_long_string(this: FilterThis, value: unknown, type?: unknown, style?: unknown) {
    return write(this, value, dayFormat('%B', type, style));
  },
};

/** What is no date stays as it is. */
function write({ context }: FilterThis, value: unknown, format: string, shownIn?: unknown): unknown {
  const zone = (context as Context & Zoned).timeZone ?? 'UTC';
  const at = readDate(value, zone);
  if (at === undefined) return value;
  const text = formatDate(at, format, typeof shownIn === 'string' || typeof shownIn === 'number' ? shownIn : zone);
  context.memoryLimit.use(text.length);
  return text;
}

function dayFormat(month: string, type: unknown, style: unknown): string {
  if (type !== 'ordinal') return `%d ${month} %Y`;
  return style === 'US' ? `${month} %-d%q, %Y` : `%-d%q ${month} %Y`;
}
