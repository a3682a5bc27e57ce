// How the pages are looked at in a real browser: `npm run check:docs`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['infra/test/docs-in-browser.ts'],
    globalSetup: ['infra/test/global-setup.ts'],
    // A click on what is not there says so earlier.
    testTimeout: 180_000,
    // Chromium may have to be installed.
    hookTimeout: 300_000,
  },
});
