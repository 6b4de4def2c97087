import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', './test/plain-reporter.ts'],
    // Much of a test is waiting, so a core that is left free for others is a core that stands idle.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What is waited for comes soon; on a busy machine, later.
    expect: { poll: { timeout: 15_000 } },
  },
});
export default config;
