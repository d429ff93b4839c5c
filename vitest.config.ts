import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two workers at most: device tests time out when a small machine is oversubscribed.
    maxWorkers: 2,
  },
});
