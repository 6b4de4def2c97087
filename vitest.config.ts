import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', './test/plain-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What is waited for comes soon; on a busy machine, later.
    expect: { poll: { timeout: 15_000 } },
  },
});
export default config;
