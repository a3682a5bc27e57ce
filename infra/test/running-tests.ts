// A reporter of vitest that keeps a file with the tests that run at this moment: after a run that hangs, it says where.
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class RunningTests implements Reporter {
  readonly #running = new Set<string>();
  readonly #file = process.env.RUNNING_TESTS_FILE;

  onTestModuleStart(module: TestModule): void {
    this.#change(() => this.#running.add(module.relativeModuleId));
  }
  onTestModuleEnd(module: TestModule): void {
    this.#change(() => this.#running.delete(module.relativeModuleId));
  }
  onTestCaseReady(test: TestCase): void {
    this.#change(() => this.#running.add(nameOf(test)));
  }
  onTestCaseResult(test: TestCase): void {
    this.#change(() => this.#running.delete(nameOf(test)));
  }

  #change(change: () => void): void {
    change();
    if (this.#file) writeFileSync(this.#file, [...this.#running].map((name) => `${name}\n`).join(''));
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
