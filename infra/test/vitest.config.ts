// How all tests run (`npm test`): files beside each other, on services that global-setup.ts starts once.
import { defineConfig } from 'vitest/config';

import { brokers } from './brokers.ts';
import { LongestFirst } from './longest-first.ts';

export default defineConfig({
  test: {
    include: ['functions/**/*.test.ts', 'lib/**/*.test.ts', 'infra/**/*.test.ts'],
    globalSetup: ['infra/test/global-setup.ts'],
    // Most of a file's time is waiting. Each file that runs has a broker of its own: see brokers.ts.
    maxWorkers: brokers,
    sequence: { sequencer: LongestFirst },
    // A process for each of a hundred files would cost more than most of them do. So files share a process and its modules: what a
    // module keeps (random bytes in stock, compiled schemas) must be good for the next file as well.
    isolate: false,
    // Limits are for what hangs: a machine that is ten times slower must give the same verdict.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    // A test that leaves a handle behind must not pass unseen.
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
