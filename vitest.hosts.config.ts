import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** The real agents, and the protocol's own tools: installed on demand, minutes long (docs/mcp.md). */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/hosts/*.opt-in.ts'],
    reporters: ['default', './test/plain-reporter.ts'],
    maxConcurrency: 6,
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
export default config;
