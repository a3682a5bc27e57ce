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
  ['failed', ({ beside }) => String(beside.failed)],
  ['deaths', ({ deaths }) => String(deaths.length)],
  ...watched.map((name): (typeof columns)[number] => [`${name} MB`, ({ peaks }) => megabytes(peaks.get(name))]),
  ['verdict', ({ complaints }) => (complaints.length === 0 ? 'holds' : 'BROKEN')],
];

const legend = [
  'p50, p99: of the polite client beside the attack; calm: without it. failed: its requests that were not answered as they should be.',
  'Broken: a death, a failed request, or (not in the short form) a p99 above the bound of the attack (100 ms where none is named) and 3 × calm.',
  'MB: most resident memory of each function; above 512 MB it is killed, as its container would be.',
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
