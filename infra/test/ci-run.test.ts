// What `.ci/run` says of failures: each test and step by its name, just before its last line, which is all that some places show.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    // As by the machine's noise: each fails in the first run alone, or in the second.
    noisy: `import { existsSync, writeFileSync } from 'node:fs';
      const isSecond = existsSync('second'); writeFileSync('second', '');
      describe('noise', () => { it('is loud', () => expect(isSecond, 'in time').toBe(true)); it.each(['a', 'a'])('is %s', () => {}); });`,
    hookOnce: `import { existsSync, writeFileSync } from 'node:fs';
      beforeAll(() => { if (!existsSync('hooked')) { writeFileSync('hooked', ''); throw new Error('no ground yet'); } });
      it('is run then', () => {});`,
    late: `import { existsSync, writeFileSync } from 'node:fs';
      const isSecond = existsSync('late'); writeFileSync('late', '');
      it('fails first', () => expect(isSecond).toBe(true)); it('fails then', () => expect(isSecond, 'the first').toBe(false));`,
    outside: `import { existsSync, writeFileSync } from 'node:fs';
      it('passes', () => { if (!existsSync('outside')) { writeFileSync('outside', ''); setTimeout(() => { throw new Error('outside'); }); } return new Promise((resolve) => setTimeout(resolve, 50)); });`,
    hangs:
      "it('ends', () => {}); it('waits for ever', { timeout: 0 }, () => new Promise(() => setInterval(() => {}, 1000)));",
  };
  for (const [name, text] of Object.entries(tests)) writeFileSync(join(folder, `${name}.test.ts`), head + text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(longest: number, ...steps: string[]) {
  return runWith({}, longest, ...steps);
}
function runWith(over: Record<string, string>, longest: number, ...steps: string[]) {
  const { status, stdout } = spawnSync('.ci/run', {
    env: { ...process.env, CI_STEPS: steps.join('\n'), CI_LONGEST_STEP: String(longest), ...over },
    encoding: 'utf8',
  });
  const lines = stdout.trimEnd().split('\n');
  const failures = lines.filter((line) => line.startsWith('failed: '));
  const alone = lines.filter((line) => /^(passed|failed) when run alone/.test(line));
  return { status, last: lines.at(-1), failures, alone, lines };
}
const reporter = resolve('infra/test/running-tests.ts');
const reporters = `--reporter=default --reporter=${reporter} --reporter=json --outputFile.json=REPORT`;
const vitest = (...files: string[]) =>
  `tests cd ${folder} && npx vitest run --root . ${reporters} ${files.map((name) => `${name}.test.ts`).join(' ')}`;

it('names each test that failed, and each step', { timeout: 900_000 }, () => {
  const { status, last, failures, lines } = run(600, vitest('good', 'bad', 'broken', 'hook'), 'true', 'exit 3');
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

describe('what failed is run once more, alone, at the end', () => {
  const twice = (...files: string[]) => `${vitest(...files)} => ${vitest().slice('tests '.length)}`;

  it('tests that pass then have passed, and are named', { timeout: 900_000 }, () => {
    const { status, last, failures, alone, lines } = run(600, twice('good', 'noisy', 'hookOnce', 'late'), 'true');
    expect(failures).toEqual([]);
    expect(alone.toSorted()).toEqual([
      expect.stringMatching(/^failed when run alone, not before: .*late\.test\.ts > fails then: .*the first/),
      expect.stringMatching(/^passed when run alone: .*hookOnce\.test\.ts: no ground yet/),
      expect.stringMatching(/^passed when run alone: .*late\.test\.ts > fails first: /),
      expect.stringMatching(/^passed when run alone: .*noisy\.test\.ts > noise is loud: .*in time/),
    ]);
    expect(lines.slice(-5, -1).toSorted()).toEqual(alone.toSorted());
    expect([status, last]).toEqual([0, '8 passed, 0 failed']);
    // Those files, and no other.
    const second = lines.slice(lines.findLastIndex((line) => line.startsWith('== ')));
    expect(second.filter((line) => line.includes('good.test.ts'))).toEqual([]);
  });

  it('tests that fail again have failed', { timeout: 900_000 }, () => {
    const { status, last, failures, alone } = run(600, twice('good', 'bad', 'broken', 'hook'));
    expect([status, last, alone]).toEqual([1, '2 passed, 3 failed', []]);
    expect(failures.slice(1)).toEqual([
      expect.stringMatching(/bad\.test\.ts > sums adds: AssertionError: of one and one: expected 2 to be 3/),
      expect.stringMatching(/broken\.test\.ts: .*nowhere/),
      expect.stringMatching(/hook\.test\.ts: .*/),
    ]);
  });

  it('all of them where nobody knows whose error it was', { timeout: 900_000 }, () => {
    const { status, last, failures, alone } = run(
      100,
      twice('outside').replace(/ => .*/, (again) => `${again} outside`),
    );
    expect([status, last, failures]).toEqual([0, '1 passed, 0 failed', []]);
    expect(alone).toEqual([
      expect.stringMatching(/^passed when run alone: cd .* outside.test.ts: ended with status 1$/),
    ]);
  });

  it('a step that has to do with time, and no other', () => {
    const once = (name: string) => `test -e ${folder}/${name} || { touch ${folder}/${name}; exit 4; }`;
    const { status, last, failures, alone } = run(600, `time ${once('one')}`, 'true', 'time exit 5', once('two'));
    expect([status, last]).toEqual([1, '2 passed, 2 failed']);
    expect(alone).toEqual([`passed when run alone: ${once('one')}: ended with status 4`]);
    expect(failures).toEqual([`failed: ${once('two')}: ended with status 4`, 'failed: exit 5: ended with status 5']);
  });

  it('as long as there is time for all', () => {
    const { last, failures } = runWith({ CI_LONGEST_RUN: '2' }, 600, 'time sleep 100', 'true');
    expect(last).toBe('0 passed, 2 failed');
    expect(failures).toEqual(['failed: true: no time was left for it', 'failed: sleep 100: no time was left for it']);
  });
});

it('names a step that hangs', () => {
  expect(run(1, 'sleep 100')).toMatchObject({
    last: '0 passed, 1 failed',
    failures: ['failed: sleep 100: had not ended after 1 s'],
  });
});

it('names the tests that were running when they were cut off', { timeout: 900_000 }, async () => {
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
  await eventually(isHanging, 800_000).finally(() => process.kill(-Number(vitest.pid), 'SIGKILL'));
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
  expect(run(600, 'true', 'true')).toMatchObject({ status: 0, last: '2 passed, 0 failed', failures: [] });
});
