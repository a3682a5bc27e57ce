// What `.ci/run` says of failures: each test and step by its name, just before its last line, which is all that some places show.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './functions.ts';

/** With tests of its own, in a folder outside of ours, so that no other run finds them. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-run-'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const head = "import { expect, it, describe, beforeAll } from 'vitest';\n";
  const tests = {
    good: "it('adds', () => expect(1 + 1).toBe(2));",
    bad: "describe('sums', () => { it('adds', () => expect(1 + 1, 'of one and one').toBe(3)); it('goes on', () => {}); });",
    broken: "import './nowhere.ts';\nit('is never run', () => {});",
    hook: "beforeAll(() => { throw new Error('no ground'); });\nit('is skipped', () => {});",
    hangs:
      "it('ends', () => {}); it('waits for ever', { timeout: 0 }, () => new Promise(() => setInterval(() => {}, 1000)));",
  };
  for (const [name, text] of Object.entries(tests)) writeFileSync(join(folder, `${name}.test.ts`), head + text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(longest: number, ...steps: string[]) {
  const { status, stdout } = spawnSync('.ci/run', {
    env: { ...process.env, CI_STEPS: steps.join('\n'), CI_LONGEST_STEP: String(longest) },
    encoding: 'utf8',
  });
  const lines = stdout.trimEnd().split('\n');
  return { status, last: lines.at(-1), failures: lines.filter((line) => line.startsWith('failed: ')), lines };
}
const reporter = resolve('infra/test/running-tests.ts');
const reporters = `--reporter=default --reporter=${reporter} --reporter=json --outputFile.json=REPORT`;
const vitest = (...files: string[]) =>
  `tests cd ${folder} && npx vitest run --root . ${reporters} ${files.map((name) => `${name}.test.ts`).join(' ')}`;

it('names each test that failed, and each step', { timeout: 120_000 }, () => {
  const { status, last, failures, lines } = run(100, vitest('good', 'bad', 'broken', 'hook'), 'true', 'exit 3');
  expect([status, last]).toEqual([1, '3 passed, 4 failed']);
  expect(failures).toEqual([
    expect.stringMatching(/^failed: cd .* ended with status 1$/),
    expect.stringMatching(/bad\.test\.ts > sums adds: AssertionError: of one and one: expected 2 to be 3/),
    expect.stringMatching(/broken\.test\.ts: .*nowhere/),
    expect.stringMatching(/hook\.test\.ts: .*/),
    'failed: exit 3: ended with status 3',
  ]);
  expect(lines.slice(-6, -1)).toEqual(failures);
});

it('names a step that hangs', { timeout: 60_000 }, () => {
  expect(run(1, 'true', 'sleep 100')).toMatchObject({
    last: '1 passed, 1 failed',
    failures: ['failed: sleep 100: had not ended after 1 s'],
  });
});

it('names the tests that were running when they were cut off', { timeout: 120_000 }, async () => {
  const running = join(folder, 'running');
  const vitest = spawn(
    'npx',
    ['vitest', 'run', '--root', '.', `--reporter=${reporter}`, 'good.test.ts', 'hangs.test.ts'],
    {
      cwd: folder,
      env: { ...process.env, RUNNING_TESTS_FILE: running },
      stdio: 'ignore',
      detached: true,
    },
  );
  const isHanging = async () => existsSync(running) && readFileSync(running, 'utf8').includes('waits for ever');
  await eventually(isHanging, 100_000).finally(() => process.kill(-Number(vitest.pid), 'SIGKILL'));
  const { stdout } = spawnSync('node', ['.ci/failed-tests.mjs', 'no report', running], { encoding: 'utf8' });
  expect(stdout.split('\n')).toEqual([
    '0 1',
    'failed: hangs.test.ts > waits for ever: had not ended when the run was cut off',
    '',
  ]);
  const cutOff = spawnSync('node', ['.ci/failed-tests.mjs', 'no report', 'nor this'], { encoding: 'utf8' });
  expect(cutOff.stdout).toBe('0 1\nfailed: npm test: ended without a report, and no test was running\n');
});

it('says no more than the counts where all is well', () => {
  expect(run(100, 'true', 'true')).toMatchObject({ status: 0, last: '2 passed, 0 failed', failures: [] });
});
