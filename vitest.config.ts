import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Tests import the sources, so that what is measured and stepped through is what was written, not a stale build.
const alias = [
  { find: /^@zebu\/kit$/, replacement: source('plugins/kit/src/index.ts') },
  { find: /^@zebu\/kit\/command$/, replacement: source('plugins/kit/src/command.ts') },
  { find: /^@zebu\/kit\/conformance$/, replacement: source('plugins/kit/src/conformance/index.ts') },
  { find: /^@zebu\/kit\/ssh$/, replacement: source('plugins/kit/src/ssh/index.ts') },
];

const minutes = (n: number): number => n * 60_000;

export default defineConfig({
  resolve: { alias },
  test: {
    pool: 'forks',
    // Its JSON is imported in a way only a bundler understands.
    server: { deps: { inline: ['@actions/workflow-parser'] } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/namespace-lab.ts'],
          testTimeout: minutes(2),
          hookTimeout: minutes(10),
          // Guests, bridges and daemons share two cores: side by side they would only time each other out.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/qemu-lab.ts'],
          testTimeout: minutes(15),
          hookTimeout: minutes(20),
          fileParallelism: false,
        },
      },
    ],
  },
});
