// How the tests run: `npm test`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['functions/**/*.test.ts', 'lib/**/*.test.ts', 'infra/**/*.test.ts'],
    globalSetup: ['infra/test/global-setup.ts'],
    // The files share one broker and two cores.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test that leaves a handle behind must not pass unseen.
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
