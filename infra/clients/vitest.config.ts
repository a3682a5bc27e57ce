// How clients that others wrote are run: `npm run check:clients`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['infra/clients/{clients,document,hosts,oauth}.ts'],
    globalSetup: ['infra/test/global-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
