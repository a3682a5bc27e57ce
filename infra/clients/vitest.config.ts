// How clients that others wrote are run: `npm run check:clients`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['infra/clients/{clients,document,oauth}.ts'],
    globalSetup: ['infra/test/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
