// Prints a line for each test that failed: `node .ci/failed-tests.mjs REPORT RUNNING`. REPORT is the JSON report of vitest, RUNNING the file
// of infra/test/running-tests.ts, which counts where a run was cut off before it made a report. The first line has the numbers of tests that
// passed and failed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [report, running] = process.argv.slice(2);
/** Characters of a line: CI shows few of them. */
const most = 300;
const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const results = read(report);
if (results) tellReport(JSON.parse(results));
else tellCutOff((read(running) ?? '').split('\n').filter(Boolean));

function tellReport({ testResults, numPassedTests, success }) {
  const failed = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => line(`${file} > ${test.fullName}`, test.failureMessages[0]));
    // It did not load, or a hook of it failed.
    return tests.length === 0 && status === 'failed' ? [line(file, message)] : tests;
  });
  if (failed.length === 0 && !success) failed.push(line('npm test', 'an error outside of the tests: see its output'));
  console.log(numPassedTests, failed.length);
  for (const each of failed) console.log(each);
}

function tellCutOff(names) {
  // The file of a test that runs says no more than the test.
  const last = names.filter((name) => !names.some((other) => other.startsWith(`${name} > `)));
  console.log(0, Math.max(last.length, 1));
  for (const name of last) console.log(line(name, 'had not ended when the run was cut off'));
  if (last.length === 0) console.log(line('npm test', 'ended without a report, and no test was running'));
}

function line(name, message = '') {
  const [first = ''] = message.replace(escapes, '').split('\n');
  return `failed: ${name}: ${first}`.slice(0, most);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
