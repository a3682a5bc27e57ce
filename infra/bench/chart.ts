// Draws the ratios as an SVG chart: for each row a bar, its range, and a mark at the goal. Readable on light and dark pages.
import { median } from './alternate.ts';
import { isReached, type Row, ratioOf } from './row.ts';
import { readable } from './table.ts';

const width = 860;
const rowHeight = 34;
const top = 46;
const barsFrom = 430;
const barsWidth = 330;

interface Bar {
  label: string;
  figures: string;
  ratio: { median: number; least: number; most: number };
  goal: number | undefined;
  reached: boolean | undefined;
}

export function drawChart(rows: readonly Row[], machine: string): string {
  const bars = rows.flatMap(toBar);
  const most = Math.max(2, ...bars.map(({ ratio, goal = 0 }) => Math.max(ratio.median, goal)));
  const x = (ratio: number) => barsFrom + (Math.min(ratio, most) / most) * barsWidth;
  const height = top + bars.length * rowHeight + 34;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Ratios to the baselines">
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .small { font-size: 11px; fill: #57606a }
  .bar { fill: #2da44e } .missed { fill: #bf8700 } .free { fill: #6e7781 }
  .range { stroke: #24292f; stroke-width: 1.5 } .goal { stroke: #cf222e; stroke-width: 2 } .one { stroke: #8c959f; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } .range { stroke: #e6edf3 } }
</style>
<text x="10" y="20">Ours against baselines in the same run: median of ratios, range, and what is asked (red)</text>
<text x="10" y="37" class="small">${asText(machine)}</text>
<line class="one" x1="${x(1)}" x2="${x(1)}" y1="${top}" y2="${height - 28}"/>
${bars.map((bar, index) => drawBar(bar, top + index * rowHeight, x)).join('\n')}
<text x="${x(1)}" y="${height - 12}" text-anchor="middle" class="small">1 × the baseline</text>
</svg>
`;
}

function toBar(row: Row): Bar[] {
  const ratio = ratioOf(row);
  if (ratio === undefined || row.baseline === undefined || !Number.isFinite(ratio.median)) return [];
  const { measure, unit, ours, baseline, goal } = row;
  return [
    {
      label: measure,
      figures: `${readable(median(ours))} ${unit}; ${baseline.name}: ${readable(median(baseline.values))} ${unit}`,
      ratio,
      goal: goal?.of === 'ratio' ? (goal.atLeast ?? goal.atMost) : undefined,
      reached: isReached(row),
    },
  ];
}

function drawBar({ label, figures, ratio, goal, reached }: Bar, y: number, x: (ratio: number) => number): string {
  const kind = reached === undefined ? 'free' : reached ? 'bar' : 'missed';
  const middle = y + 15;
  const mark =
    goal === undefined ? '' : `<line class="goal" x1="${x(goal)}" x2="${x(goal)}" y1="${y + 4}" y2="${y + 26}"/>`;
  return `<text x="10" y="${y + 14}">${asText(label)}</text><text x="10" y="${y + 27}" class="small">${asText(figures)}</text>
<rect class="${kind}" x="${barsFrom}" y="${y + 7}" width="${x(ratio.median) - barsFrom}" height="16" rx="2"/>
<line class="range" x1="${x(ratio.least)}" x2="${x(ratio.most)}" y1="${middle}" y2="${middle}"/>${mark}
<text x="${barsFrom + barsWidth + 12}" y="${y + 19}">${readable(ratio.median)} ×</text>`;
}

function asText(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
