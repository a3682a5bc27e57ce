// Dates in templates: which moment a value means, what the clock of a zone shows then, and that the host's time zone plays no part.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { formatDate } from './format-date.ts';
import { parseTemplate } from './parse.ts';
import { readDate } from './read-date.ts';
import { renderTemplate } from './render.ts';
import { isTimeZone } from './time-zones.ts';

function render(template: string, timeZone?: string) {
  const { parsed, faults } = parseTemplate({ subject: 's', text: template, html: null });
  expect(faults).toEqual([]);
  const budget = { msLeft: 60_000, charactersLeft: 1_000_000 };
  const result = renderTemplate(parsed, {}, budget, timeZone === undefined ? {} : { timeZone });
  return result.faults[0]?.message ?? result.rendered.text;
}

const shown = (value: unknown, zone: string) => {
  const at = readDate(value, zone);
  return at === undefined ? undefined : formatDate(at, '%Y-%m-%d %H:%M:%S %z', zone);
};

describe('a time', () => {
  it.each([
    // Summer and winter, on both halves of the Earth.
    ['2026-07-01T12:00:00Z', 'UTC', '2026-07-01 12:00:00 +0000'],
    ['2026-07-01T12:00:00Z', 'Europe/Berlin', '2026-07-01 14:00:00 +0200'],
    ['2026-01-15T12:00:00Z', 'Europe/Berlin', '2026-01-15 13:00:00 +0100'],
    ['2026-01-15T12:00:00Z', 'Australia/Sydney', '2026-01-15 23:00:00 +1100'],
    ['2026-07-01T12:00:00Z', 'Asia/Kolkata', '2026-07-01 17:30:00 +0530'],
    ['2026-07-01T12:00:00Z', 'America/St_Johns', '2026-07-01 09:30:00 -0230'],
    ['2026-07-01T12:00:00+05:30', '+02:00', '2026-07-01 08:30:00 +0200'],
    // The hours at which the clock is changed.
    ['2026-03-29T00:59:59Z', 'Europe/Berlin', '2026-03-29 01:59:59 +0100'],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', '2026-03-29 03:00:00 +0200'],
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', '2026-10-25 02:30:00 +0200'],
    ['2026-10-25T01:30:00Z', 'Europe/Berlin', '2026-10-25 02:30:00 +0100'],
    ['2026-11-01T05:30:00Z', 'America/New_York', '2026-11-01 01:30:00 -0400'],
    ['2026-11-01T06:30:00Z', 'America/New_York', '2026-11-01 01:30:00 -0500'],
    // Without a zone, it is of the template's; where the clock skips it, as much later.
    ['2026-07-01T12:00', 'Europe/Berlin', '2026-07-01 12:00:00 +0200'],
    ['2026-07-01 12:00:30', 'America/New_York', '2026-07-01 12:00:30 -0400'],
    ['2026-07-01', 'America/New_York', '2026-07-01 00:00:00 -0400'],
    ['July 1, 2026 12:00', 'Europe/Berlin', '2026-07-01 12:00:00 +0200'],
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29 03:30:00 +0200'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25 02:30:00 +0200'],
    // Other forms, with their zones.
    ['Wed, 01 Jul 2026 12:00:00 GMT', 'Europe/Berlin', '2026-07-01 14:00:00 +0200'],
    ['Wed, 01 Jul 2026 12:00:00 -0700 (PDT)', 'UTC', '2026-07-01 19:00:00 +0000'],
    [1782907200, 'Europe/Berlin', '2026-07-01 14:00:00 +0200'],
    ['1782907200', 'UTC', '2026-07-01 12:00:00 +0000'],
    ['1969-12-31T23:59:59.500Z', 'UTC', '1969-12-31 23:59:59 +0000'],
    // What is no date.
    ...['2027-02-30', '2027-02-29T12:00', '2026-04-31 10:00', '2026-01-01T24:00:00Z', '2016-12-31T23:59:60Z'].map(none),
    ...['February 30 2027', 'Sun, 31 Feb 2027 12:00:00 GMT', 'hello 5', '', 'x'.repeat(200), 1e300, true, null, {}].map(
      none,
    ),
  ] as [unknown, string, string | undefined][])('%j in %s is %j', (value, zone, text) => {
    expect(shown(value, zone)).toBe(text);
  });

  function none(value: unknown): [unknown, string, undefined] {
    return [value, 'Europe/Berlin', undefined];
  }

  it('is written with the conversions and flags of strftime', () => {
    const at = Date.parse('2026-01-02T03:04:05.006Z');
    const format =
      '%a %A %b %B|%e %-d %_m %05d|%I %l %p %P|%j %U %W %u %w|%L %3N %s %q|%y %C %^a %#B|%:z %Z|%c|%x|%X|%% %K %';
    expect(formatDate(at, format, 'Europe/Berlin').replaceAll('\u202f', ' ')).toBe(
      'Fri Friday Jan January| 2 2  1 00002|04  4 AM am|002 00 00 5 5|006 006 1767323045 nd|26 20 FRI JANUARY' +
        '|+01:00 Europe/Berlin|1/2/2026, 4:04:05 AM|1/2/2026|4:04:05 AM|% %K %',
    );
  });
});

describe('the filters', () => {
  it.each([
    ['{{ "2026-07-01T12:00:00Z" | date: "%H:%M %z" }}', undefined, '12:00 +0000'],
    ['{{ "2026-07-01T12:00:00Z" | date: "%H:%M %z" }}', 'Europe/Berlin', '14:00 +0200'],
    ['{{ "2026-07-01T12:00:00Z" | date: "%H:%M %z", "Asia/Tokyo" }}', 'Europe/Berlin', '21:00 +0900'],
    ['{{ "2026-07-01T12:00:00Z" | date: "%H:%M", 360 }}', 'Europe/Berlin', '06:00'],
    ['{{ "2026-07-01T12:00:00Z" | date }}', 'Europe/Berlin', 'Wednesday, July 1, 2026 at 2:00 pm +0200'],
    ['{{ "2026-12-31T23:30:00Z" | date_to_xmlschema }}', 'Europe/Berlin', '2027-01-01T00:30:00+01:00'],
    ['{{ "2026-12-31T23:30:00Z" | date_to_rfc822 }}', 'Europe/Berlin', 'Fri, 01 Jan 2027 00:30:00 +0100'],
    ['{{ "2026-12-31T23:30:00Z" | date_to_string }}', 'Europe/Berlin', '01 Jan 2027'],
    ['{{ "2026-12-31T23:30:00Z" | date_to_long_string: "ordinal", "US" }}', 'Europe/Berlin', 'January 1st, 2027'],
    ['{{ "2027-02-30" | date: "%d" }} {{ "soon" | date_to_string }}', undefined, '2027-02-30 soon'],
    ['{{ "now" | date: "%s" | times: 0 }}', undefined, '0'],
    [
      '{{ "now" | date: "%H", "Mars/Base" }}',
      undefined,
      'text cannot be rendered: there is no time zone "Mars/Base" (line 1, column 1)',
    ],
  ])('%s in %s: %s', (template, zone, text) => {
    expect(render(template, zone)).toBe(text);
  });

  it('say the same on every host', () => {
    const code = `
      const { parseTemplate } = await import('./lib/mail/templates/parse.ts');
      const { renderTemplate } = await import('./lib/mail/templates/render.ts');
      const times = ['2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z', '2026-03-29T02:30', '2026-10-25T02:30', 'July 1 2026', '2026-07-01 12:00'];
      const text = times.map((at) => '{{ "' + at + '" | date: "%c %z" }} {{ "' + at + '" | date: "%H:%M %z", "America/New_York" }}').join(';');
      const { parsed } = parseTemplate({ subject: 's', text, html: null });
      const budget = { msLeft: 60_000, charactersLeft: 10000 };
      process.stdout.write(renderTemplate(parsed, {}, budget, { timeZone: 'Europe/Berlin' }).rendered.text);`;
    const on = (TZ: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
        env: { TZ, LC_ALL: TZ === 'UTC' ? 'C' : 'de_DE.UTF-8' },
        encoding: 'utf8',
      }).stdout;
    const there = on('UTC');
    expect(there).toContain('3/29/2026, 3:30:00');
    for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe']) expect(on(zone)).toBe(there);
  });
});

it('names of zones', () => {
  expect(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', '+05:30'].map(isTimeZone)).toEqual(
    Array(4).fill(true),
  );
  expect(['', 'Berlin', 'Europe/Nowhere', 'x'.repeat(1_000)].map(isTimeZone)).toEqual(Array(4).fill(false));
});
