// How the tests run: `npm test`.
import { defineConfig } from 'vitest/config';

import { brokers } from './brokers.ts';
import { LongestFirst } from './longest-first.ts';

export default defineConfig({
  test: {
    include: ['functions/**/*.test.ts', 'lib/**/*.test.ts', 'infra/**/*.test.ts'],
    globalSetup: ['infra/test/global-setup.ts'],
    // Most of a file's time is waiting, so three run at once, each with a broker of its own: workers take whatever is on a queue.
    maxWorkers: brokers,
    sequence: { sequencer: LongestFirst },
    // A process for each of a hundred files would cost more than most of them do. Nothing here keeps state in a module.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test that leaves a handle behind must not pass unseen.
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
