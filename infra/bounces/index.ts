// `npm run check:bounces`: what the API makes of a collection of real messages, beside what another reader says of them (FOLDER: ../shared/bounces).
// Prints four figures, the slowest message, and each disagreement; fails where one is too low, or a disagreement has no reason in known.json.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readReport } from '../../lib/mail/reports/read-report.ts';
import type { Report } from '../../lib/mail/reports/report.ts';
import { compare, type Expected, type Figure, figures, least } from './compare.ts';

const folder = process.argv[2] ?? '../shared/bounces';
/** Of CPU time, the best of three: another process that is at work beside this one does not count. */
const mostMs = 50;

if (!existsSync(`${folder}/expected.json`)) {
  console.error(`There is no ${folder}/expected.json. Usage: npm run check:bounces -- FOLDER`);
  process.exit(2);
}
const expected: Record<string, Expected[]> = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
const known: Record<string, string> = JSON.parse(
  readFileSync(fileURLToPath(new URL('known.json', import.meta.url)), 'utf8'),
);

const counts = Object.fromEntries(figures.map((figure) => [figure, { all: 0, right: 0, explained: 0 }])) as Record<
  Figure,
  { all: number; right: number; explained: number }
>;
const faults: string[] = [];
const disagreed = new Set<string>();
let slowest = { file: '', ms: 0 };

// Compiles what is compiled at its first use.
for (const file of Object.keys(expected)) readReport(readFileSync(`${folder}/mail/${file}`));

for (const [file, wanted] of Object.entries(expected)) {
  const message = readFileSync(`${folder}/mail/${file}`);
  const { report, ms } = timed(message);
  if (ms > slowest.ms) slowest = { file, ms };
  for (const { figure, isRight, told } of compare(wanted, report)) {
    const count = counts[figure];
    count.all++;
    if (isRight) count.right++;
    else if (known[file] !== undefined) count.explained++;
    if (!isRight) console.log(`${file}: ${figure}: ${told}: ${known[file] ?? 'no reason is known'}`);
    if (!isRight) disagreed.add(file);
    if (!isRight && known[file] === undefined) faults.push(`${file} has no reason in infra/bounces/known.json`);
  }
}

// The list must not outlive what it explains.
for (const file of Object.keys(known))
  if (!disagreed.has(file)) faults.push(`${file} stands in infra/bounces/known.json, and there is no disagreement`);

for (const figure of figures) {
  const { all, right, explained } = counts[figure];
  const share = (right + explained) / Math.max(all, 1);
  console.log(
    `${figure}: ${right} of ${all} (${percent(right / Math.max(all, 1))}), with those explained ${percent(share)}`,
  );
  if (share < least[figure]) faults.push(`${figure}: below ${percent(least[figure])}`);
}
console.log(`slowest: ${slowest.file}, ${slowest.ms.toFixed(1)} ms of CPU`);
if (slowest.ms > mostMs) faults.push(`${slowest.file} takes more than ${mostMs} ms`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function timed(message: Buffer): { report: Report; ms: number } {
  let best = Number.POSITIVE_INFINITY;
  let report = readReport(message);
  for (let tries = 0; tries < 3; tries++) {
    const before = process.cpuUsage();
    report = readReport(message);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return { report, ms: best };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
