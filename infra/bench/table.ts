// The table as text.
import { median } from './alternate.ts';
import { goalText, isReached, type Row, ratioOf } from './row.ts';

const headings = ['measure', 'ours', 'baseline', '', 'ratio (range)', 'asked', ''];

export function formatTable(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells(row: Row): string[] {
  const { measure, unit, ours, baseline, note } = row;
  if (ours.length === 0) return [measure, note ?? '', '', '', '', '', ''];
  const ratio = ratioOf(row);
  return [
    measure,
    `${readable(median(ours))} ${unit}`,
    baseline ? `${readable(median(baseline.values))} ${unit}` : '',
    baseline?.name ?? '',
    ratio ? `${readable(ratio.median)} (${readable(ratio.least)}–${readable(ratio.most)})` : '',
    goalText(row),
    { true: 'reached', false: 'NOT reached', undefined: note ?? '' }[String(isReached(row))] ?? '',
  ];
}

/** What each process used for an email, a line a measure. */
export function formatCosts(rows: readonly Row[]): string {
  return rows
    .flatMap(({ measure, cost }) => {
      if (cost === undefined) return [];
      const { cpuMicroseconds, peakMegabytes } = cost;
      const each = Object.entries(cpuMicroseconds).map(
        ([name, microseconds]) =>
          `${name} ${readable(microseconds)} µs${name in peakMegabytes ? `, ${readable(peakMegabytes[name] ?? 0)} MB` : ''}`,
      );
      return [`${measure}: ${each.join(' · ')}`];
    })
    .join('\n');
}

/** Three digits that count. */
export function readable(value: number): string {
  if (!Number.isFinite(value)) return '—';
  if (value >= 1000) return value.toLocaleString('en', { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(3)));
}
