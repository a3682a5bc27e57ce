// Times in English, as in `in 1 min` or `tomorrow at 9am`: what other mail APIs take for `scheduled_at`, beside ISO 8601.
import { parse } from 'chrono-node/en';
import * as v from 'valibot';
import { Time } from '../../lib/http/request-body.ts';
import { selectSchema } from '../../lib/http/select-schema.ts';
import { firstFault, text } from '../../lib/http/size-limits.ts';

/** Characters; the longest that anybody has a reason to say has some forty. */
const maxWords = 60;
/** Two letters together: no time of ISO 8601 has them. */
const words = /[a-z]{2}/i;
const message =
  'must be a time such as 2026-01-31T12:00:00Z (ISO 8601), or one in words such as "in 1 hour", not in the past';

/**
 * The time that the whole of `given` says, in UTC unless it names another zone; undefined where it says none, or only a part of it
 * does, or there is no such time (30 February). One without a date is the next one.
 */
export function timeInWords(given: string, now: Date): Date | undefined {
  const said = given.trim();
  const [found, ...others] = parse(said, { instant: now, timezone: 0 }, { forwardDate: true });
  if (found === undefined || others.length > 0 || found.end || found.text.length !== said.length) return undefined;
  const { start } = found;
  const date = start.date();
  // What the words say, in the zone they say it in.
  const local = new Date(date.getTime() + (start.get('timezoneOffset') ?? 0) * 60_000);
  const exists =
    start.get('year') === local.getUTCFullYear() &&
    start.get('month') === local.getUTCMonth() + 1 &&
    start.get('day') === local.getUTCDate() &&
    start.get('hour') === local.getUTCHours();
  return exists ? date : undefined;
}

/** `now` said in words is a moment ago when it is looked at. */
const leewayMs = 60_000;

const InWords = firstFault(
  v.pipe(
    text(maxWords, message),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): Date => {
      const now = new Date();
      const time = timeInWords(value, now);
      if (time !== undefined && time.getTime() >= now.getTime() - leewayMs) return time;
      addIssue({ message });
      return NEVER;
    }),
  ),
);

/** When to deliver: a point in time, as text or in words. */
export const ScheduleTime = selectSchema(
  (input): v.GenericSchema<unknown, Date> =>
    typeof input === 'string' && words.test(input.slice(0, maxWords + 1)) ? InWords : Time,
  InWords,
);
