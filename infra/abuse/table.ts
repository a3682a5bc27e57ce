// The table at the end: a row an attack, and below it what is wrong.
import type { Result } from './scenario.ts';

const ms = (value: number) => `${value.toFixed(0)} ms`;
const megabytes = (bytes = 0) => `${(bytes / 1024 / 1024).toFixed(0)}`;
const watched = ['send', 'history', 'manage', 'token', 'consume', 'dispatch'];

const columns: [title: string, value: (result: Result) => string][] = [
  ['attack', ({ attack }) => attack.says],
  ['calm p99', ({ calm }) => ms(calm.p99)],
  ['p50', ({ beside }) => ms(beside.p50)],
  ['p99', ({ beside }) => ms(beside.p99)],
  ['loop', ({ delay }) => ms(delay.beside ?? Number.NaN)],
  ['failed', ({ beside }) => String(beside.failed)],
  ['deaths', ({ deaths }) => String(deaths.length)],
  ...watched.map((name): (typeof columns)[number] => [`${name} MB`, ({ peaks }) => megabytes(peaks.get(name))]),
  ['verdict', ({ complaints }) => (complaints.length === 0 ? 'holds' : 'BROKEN')],
];

const legend = [
  'p50, p99: of the polite client beside the attack; calm: without it. failed: its requests that were not answered as they should be.',
  'loop: how long the event loop of send was held up, at p99.',
  'Broken: a death, a failed request, emails left over, or (not in the short form) above 3 × calm: a p99 above the bound of the attack (100 ms\n  where none is named), a loop above 50 ms.',
  'MB: most resident memory of each function; above 512 MB (where the attack does not name less) it is killed, as its container would be.',
];

export function tableOf(results: readonly Result[]): string {
  const cells = [
    columns.map(([title]) => title),
    ...results.map((result) => columns.map(([, value]) => value(result))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map((row) => {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${padded.join(' | ')} |`;
  });
  lines.splice(
    1,
    0,
    `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${column === 0 ? '-' : ':'}`).join('|')}|`,
  );
  const complaints = results.flatMap(({ attack, complaints }) => complaints.map((what) => `${attack.name}: ${what}`));
  return [...lines, '', ...legend, ...(complaints.length > 0 ? ['', ...complaints] : [])].join('\n');
}
