// `npm run bench`: measures the API against its goals and its baselines, side by side on this machine. `-- --list` shows the measures.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killChildren } from '../local/child.ts';
import { processesIn } from '../local/process-table.ts';
import { full, quick } from './measures/measure.ts';
import { readOptions } from './options.ts';
import { describeMachine, writeResults } from './results.ts';
import type { Row } from './row.ts';
import { bringUp, createServices } from './services/measured-api.ts';
import { formatCosts, formatTable } from './table.ts';

const options = readOptions(process.argv.slice(2));
if (options.help !== undefined) {
  console.log(options.help);
  process.exit(options.exitCode);
}

const directory = mkdtempSync(join(tmpdir(), 'email-api-bench-'));
// Services under other accounts must pass through it.
chmodSync(directory, 0o711);
const services = createServices();
const say = (line: string) => console.log(`# ${line}`);

/** A second signal ends at once. */
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    void end(1);
  });
}
process.on('exit', killChildren);

async function end(exitCode: number): Promise<never> {
  await services.close().catch((error) => say(`while stopping: ${error.message}`));
  killChildren();
  const left = processesIn(directory);
  if (left.length > 0) say(`processes left behind:\n${left.join('\n')}`);
  if (exitCode === 0 && !options.keep) rmSync(directory, { recursive: true, force: true });
  else say(`logs are in ${directory}/logs`);
  process.exit(left.length > 0 ? 1 : exitCode);
}

async function runAll(): Promise<number> {
  const scale = { ...(options.quick ? quick : full), ...options.scale };
  const ground = await bringUp(directory, services, say);
  const rows: Row[] = [];
  let failed = 0;
  for (const measure of options.measures) {
    say(`${measure.name}: ${measure.about}`);
    const startedAt = performance.now();
    try {
      const measured = await measure.run(ground, scale);
      rows.push(...measured);
      console.log(formatTable(measured));
      console.log(formatCosts(measured));
    } catch (error) {
      failed += 1;
      console.log(`${measure.name} failed: ${error instanceof Error ? error.stack : error}`);
    }
    say(`${measure.name} took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  }
  console.log(`\n${describeMachine()}\n\n${formatTable(rows)}\n\n${formatCosts(rows)}`);
  if (options.results !== undefined) {
    mkdirSync(options.results, { recursive: true });
    writeResults(options.results, rows, options.quick ? 'quick' : 'full', options.update);
    say(`written to ${options.results}`);
  }
  return failed;
}

runAll().then(
  (failed) => end(failed > 0 ? 1 : 0),
  (error) => {
    console.error(error);
    return end(1);
  },
);
