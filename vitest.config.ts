import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Media tests are CPU-bound child processes: more files at once than cores only makes them time out.
    maxWorkers: 2,
  },
});
