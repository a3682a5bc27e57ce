// `npm run abuse`: a polite client measured beside each attack, the functions within the memory of their containers; ends with a table.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Services, startServices } from '../faults/services.ts';
import { killChildren } from '../local/child.ts';
import { attacks } from './attacks.ts';
import { type Result, runAttack } from './scenario.ts';
import { tableOf } from './table.ts';

const usage = `npm run abuse                      every attack, for 20 s each
npm run abuse -- --short           the short form, as CI runs it
npm run abuse -- --only NAME …     these attacks alone (with --short: as short as there)
npm run abuse -- --list            the names`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean' }, only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
});
const only = [...(values.only ?? []), ...positionals];
const strangers = only.filter((name) => !attacks.some((attack) => attack.name === name));
if (strangers.length > 0) {
  console.error(`There is no attack ${strangers.join(', ')}.\n\n${usage}`);
  process.exit(2);
}
if (values.list) {
  for (const { name, says, short } of attacks)
    console.log(`${name.padEnd(24)} ${says}${short ? ' (short form too)' : ''}`);
  process.exit();
}
const chosen = attacks.filter(({ name, short }) => (only.length > 0 ? only.includes(name) : short || !values.short));

// Whatever happens, no child stays.
process.once('exit', killChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
const directory = mkdtempSync(join(tmpdir(), 'email-api-abuse-'));
const results: Result[] = [];
let services: Services | undefined;
try {
  console.log('Starting PostgreSQL and RabbitMQ, building the functions …');
  services = await startServices(directory);
  for (const attack of chosen) {
    console.log(`\n${attack.says} [${attack.name}]`);
    const result = await runAttack(attack, services, !values.short).catch((error: Error) => {
      console.log(`    could not be carried out: ${error.stack}`);
      process.exitCode = 1;
    });
    if (!result) continue;
    results.push(result);
    console.log(
      `    p99 ${result.beside.p99.toFixed(0)} ms; the attacker was answered: ${result.answers || 'nothing'}`,
    );
    for (const complaint of result.complaints) console.log(`    ${complaint}`);
  }
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
