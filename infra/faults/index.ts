// `npm run faults`: makes one fault at a time under load, and prints a table of what became of the emails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killChildren } from '../local/child.ts';
import { faults } from './faults.ts';
import { type Result, runFault } from './scenario.ts';
import { type Services, startServices } from './services.ts';
import { tableOf } from './table.ts';

const usage = `npm run faults                      every fault, at full size
npm run faults -- --short           the short form, as CI runs it
npm run faults -- --only NAME …     these faults alone (with --short: at the short form's size)
npm run faults -- --list            the names`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean' }, only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
});
const only = [...(values.only ?? []), ...positionals];
const strangers = only.filter((name) => !faults.some((fault) => fault.name === name));
if (strangers.length > 0) {
  console.error(`There is no fault ${strangers.join(', ')}.\n\n${usage}`);
  process.exit(2);
}
if (values.list) {
  for (const { name, says, short } of faults)
    console.log(`${name.padEnd(28)} ${says}${short ? ' (short form too)' : ''}`);
  process.exit();
}
const chosen = faults.filter(({ name, short }) => (only.length > 0 ? only.includes(name) : short || !values.short));

// No child stays, whatever ends this process, even an unexpected `exit`.
process.once('exit', killChildren);
const startedAt = performance.now();
const directory = mkdtempSync(join(tmpdir(), 'email-api-faults-'));
const results: Result[] = [];
let services: Services | undefined;

try {
  await Promise.race([runAll(), untilStopAsked()]);
} catch (error) {
  process.exitCode = 1;
  console.error(error);
}
if (results.length > 0) console.log(`\n${tableOf(results)}`);
if (results.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1;
await services?.stop().catch(() => {});
killChildren();
if (process.exitCode) console.log(`\nLogs of everything that ran: ${directory}`);
else rmSync(directory, { recursive: true, force: true });
process.exit();

async function runAll(): Promise<void> {
  console.log(`Starting PostgreSQL and RabbitMQ, building the functions …`);
  services = await startServices(directory);
  for (const [index, fault] of chosen.entries()) {
    console.log(`\n${minutes()}  ${index + 1}/${chosen.length}  ${fault.says} [${fault.name}]`);
    const say = (what: string) => console.log(`${minutes()}    ${what}`);
    const result = await runFault(fault, services, !values.short, say).catch((error: Error) => {
      say(`could not be carried out: ${error.stack}`);
      process.exitCode = 1;
    });
    if (!result) continue;
    results.push(result);
    const { accepted, doubled, lost, complaints } = result;
    say(`${accepted} accepted, ${doubled} doubled, ${lost} lost: ${complaints.length === 0 ? 'holds' : 'BROKEN'}`);
    for (const complaint of complaints) say(`  ${complaint}`);
  }
}

function minutes(): string {
  const elapsed = Math.round((performance.now() - startedAt) / 1000);
  return `${String(Math.floor(elapsed / 60)).padStart(2)}:${String(elapsed % 60).padStart(2, '0')}`;
}

/** Rejects at the first signal; a second one ends everything at once. */
function untilStopAsked(): Promise<never> {
  // One Ctrl-C arrives up to three times: from the terminal, and handed on by npm and by tsx.
  const sameKeyPress = 1000;
  return new Promise((_, reject) => {
    let first: number | undefined;
    const onSignal = () => {
      first ??= performance.now();
      if (performance.now() - first > sameKeyPress) process.exit(1);
      reject('Stopped.');
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
