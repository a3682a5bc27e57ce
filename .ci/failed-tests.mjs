// Prints a line for each test that failed: `node .ci/failed-tests.mjs REPORT RUNNING`. REPORT is the JSON report of vitest, RUNNING the file
// of infra/test/running-tests.ts, which counts where a run was cut off before it made a report. The first line has the numbers of tests that
// passed and failed. With `--files` it prints the files of the tests that failed instead. With `--first FIRST`, the report of an earlier run,
// REPORT is of a second run, and what passed in either has passed; what differs is named.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { files: { type: 'boolean' }, first: { type: 'string' } },
  allowPositionals: true,
});
const [report, running] = positionals;
/** Characters of a line: CI shows few of them. */
const most = 300;
const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const results = read(report);
if (values.files) for (const file of results ? filesThatFailed(JSON.parse(results)) : []) console.log(file);
else if (values.first) tellBoth(JSON.parse(read(values.first)), results && JSON.parse(results));
else if (results) tellReport(JSON.parse(results));
else tellCutOff((read(running) ?? '').split('\n').filter(Boolean));

function tellReport({ testResults, numPassedTests, success }) {
  const failed = [...entriesOf(testResults).values()].filter(isFailed).map(failedLine);
  if (failed.length === 0 && !success)
    failed.push(line('failed', 'npm test', 'an error outside of the tests: see its output'));
  tell(numPassedTests, failed);
}

function tellCutOff(names) {
  // The file of a test that runs says no more than the test.
  const last = names.filter((name) => !names.some((other) => other.startsWith(`${name} > `)));
  const lines = last.map((name) => line('failed', name, 'had not ended when the run was cut off'));
  if (last.length === 0) lines.push(line('failed', 'npm test', 'ended without a report, and no test was running'));
  tell(0, lines);
}

function tellBoth(first, second) {
  const [before, again] = [entriesOf(first.testResults), entriesOf(second?.testResults ?? [])];
  const ended = new Set((second?.testResults ?? []).filter(({ status }) => status === 'passed').map(fileOf));
  const lines = [];
  let passed = 0;
  for (const key of new Set([...before.keys(), ...again.keys()])) {
    const [one, other] = [before.get(key), again.get(key)];
    const passedAgain = other?.status === 'passed' || (one?.isFile && ended.has(one.name));
    if ((one?.status === 'passed' || passedAgain) && !one?.isFile) passed += 1;
    if (isFailed(one) && passedAgain) lines.push(line('passed when run alone', one.name, one.message));
    else if (isFailed(one) || (isFailed(other) && other.isFile)) lines.push(failedLine(isFailed(other) ? other : one));
    else if (isFailed(other)) lines.push(line('failed when run alone, not before', other.name, other.message));
  }
  tell(passed, lines);
}

/** The tests by their names, and the files that did not load or a hook of which failed. Names may be there twice. */
function entriesOf(testResults) {
  const entries = new Map();
  const add = (entry) => {
    let key = `${entry.name} `;
    while (entries.has(key)) key += '+';
    entries.set(key, entry);
  };
  for (const result of testResults) {
    const file = fileOf(result);
    for (const { fullName, status, failureMessages } of result.assertionResults)
      add({ name: `${file} > ${fullName}`, status, message: failureMessages[0] });
    if (result.status === 'failed' && !result.assertionResults.some(isFailed))
      add({ name: file, status: 'failed', message: result.message, isFile: true });
  }
  return entries;
}

/** Of those of an error outside of the tests nobody knows. */
function filesThatFailed({ testResults }) {
  return testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

function fileOf({ name }) {
  return relative(process.cwd(), name);
}

function isFailed(entry) {
  return entry?.status === 'failed';
}

function failedLine({ name, message }) {
  return line('failed', name, message);
}

function tell(passed, lines) {
  console.log(passed, lines.filter((each) => each.startsWith('failed: ')).length);
  for (const each of lines) console.log(each);
}

function line(what, name, message = '') {
  const [first = ''] = message.replace(escapes, '').split('\n');
  return `${what}: ${name}: ${first}`.slice(0, most);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
