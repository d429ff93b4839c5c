import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These end what hangs; no test is about them. A busy machine takes a minute for what a quiet one does in three seconds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two workers at most: device tests time out when a small machine is oversubscribed.
    maxWorkers: 2,
    // Tests are not about times, and while they run the machine is never quiet.
    env: { WGTUNE_QUIET_WAIT: '0' },
  },
});
