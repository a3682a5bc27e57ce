// The table at the end: a row a fault, and below it what is wrong.
import type { Result } from './scenario.ts';

const columns: [title: string, value: (result: Result) => string][] = [
  ['fault', ({ fault }) => fault.says],
  ['accepted', ({ accepted }) => String(accepted)],
  ['once', ({ once }) => String(once)],
  ['doubled', ({ doubled, inGap }) => (doubled === 0 ? '0' : `${doubled} (${inGap} in gap)`)],
  ['lost', ({ lost }) => String(lost)],
  ['unknown', ({ unknown }) => String(unknown)],
  ['bounced', ({ bounced }) => String(bounced)],
  ['untold', ({ storedUntold }) => String(storedUntold)],
  ['stall', ({ stallMs }) => `${(stallMs / 1000).toFixed(1)} s`],
  ['back', ({ recoveryMs }) => (recoveryMs === undefined ? '' : `${(recoveryMs / 1000).toFixed(1)} s`)],
  ['verdict', ({ complaints }) => (complaints.length === 0 ? 'holds' : 'BROKEN')],
];

const legend = [
  'once: accepted and delivered exactly once. doubled: delivered more than once; in gap: the relay had the message, and the reply to its',
  'final dot was not given or not recorded (RFC 1047), which at_least_once answers by trying again. lost: accepted or stored, and neither',
  'delivered nor at an end that says why. untold: stored, though the client got no 202. stall: longest time without any delivery. back:',
  'longest time from the service being back until every function had done its work again, without a restart.',
];

export function tableOf(results: readonly Result[]): string {
  const cells = [
    columns.map(([title]) => title),
    ...results.map((result) => columns.map(([, value]) => value(result))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, column) => (isText(column) ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  lines.splice(1, 0, rule);
  const complaints = results.flatMap(({ fault, complaints }) => complaints.map((what) => `${fault.name}: ${what}`));
  return [...lines, '', ...legend, ...(complaints.length > 0 ? ['', ...complaints] : [])].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return isText(column) ? cell.padEnd(width) : cell.padStart(width);
}

function isText(column: number): boolean {
  return column === 0 || column === columns.length - 1;
}
