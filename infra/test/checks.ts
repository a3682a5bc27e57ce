// Checks outside the test runner: each prints `ok …` or `not ok …`, and later ones still run.

let passed = 0;
let failed = 0;

/** Returns what `test` gives, or undefined when it failed: what builds on it fails then, too, and says so. */
export async function check<Value>(what: string, test: () => Value | Promise<Value>): Promise<Value | undefined> {
  try {
    const value = await test();
    passed += 1;
    console.log(`ok ${what}`);
    return value;
  } catch (error) {
    failed += 1;
    console.log(`not ok ${what}`);
    console.log(`${error instanceof Error ? error.message : error}`.replaceAll(/^/gm, '    '));
    return undefined;
  }
}

/** Tells how long a step took that is not checked itself. */
export async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  console.log(`# ${what} in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
}

export function results(): { passed: number; failed: number } {
  return { passed, failed };
}
