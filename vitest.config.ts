import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';
import { BUILT_TRANSPORTS, transportHooks } from './scripts/own-transports.ts';
import { SCRIPT_FILE, scriptText } from './scripts/script-text.ts';
import { LongestFirst } from './scripts/test/longest-first.ts';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Tests import the sources, so that what is measured and stepped through is what was written, not a stale build.
const alias = [
  { find: /^@zebu\/kit$/, replacement: source('plugins/kit/src/index.ts') },
  { find: /^@zebu\/kit\/command$/, replacement: source('plugins/kit/src/command.ts') },
  { find: /^@zebu\/kit\/core$/, replacement: source('plugins/kit/src/core.ts') },
  { find: /^@zebu\/kit\/conformance$/, replacement: source('plugins/kit/src/conformance/index.ts') },
  { find: /^@zebu\/kit\/rest$/, replacement: source('plugins/kit/src/rest/index.ts') },
  { find: /^@zebu\/kit\/ssh$/, replacement: source('plugins/kit/src/ssh/index.ts') },
];

const scriptsAsText: Plugin = {
  name: 'scripts-as-text',
  enforce: 'pre',
  load: (id) => (SCRIPT_FILE.test(id) ? `export default ${JSON.stringify(scriptText(id))};` : undefined),
  // What is kept from run to run would not know of a file that is included.
  configureVitest: ({ defineCacheKeyGenerator }) =>
    defineCacheKeyGenerator(({ id }) => (SCRIPT_FILE.test(id) ? scriptText(id) : undefined)),
};

/** As the build does it, from the sources. */
const builtTransports: Plugin = {
  name: 'built-transports',
  enforce: 'pre',
  load: (id) => {
    if (!BUILT_TRANSPORTS.test(id)) return undefined;
    const files = transportHooks(source('./')).map((file) => file.replace(/(?:\/\.)?\/dist\/(.*)\.js$/, '/src/$1.ts'));
    return [
      ...files.map((file, index) => `import hook${index} from ${JSON.stringify(file)};`),
      `export const builtTransports = await Promise.all([${files.map((_, index) => `hook${index}()`).join(', ')}]);`,
    ].join('\n');
  },
};

const minutes = (n: number): number => n * 60_000;

/**
 * Files share two cores, those with real guests with a lab of their own each. A third to a half of what one does is waiting, so it takes four
 * to leave no core idle. They are one group: which of them begins when is said by their order.
 */
const BESIDE_EACH_OTHER = 4;

const besideEachOther = { maxWorkers: BESIDE_EACH_OTHER, sequence: { groupOrder: 1 } };

/** A machine that is busy for a moment may cost a test its deadline, so what fails is tried once more; what fails twice is a failure. */
const TRIED_AGAIN = { retry: 1 };

/** Alone, unit tests have as many as there are cores, for each loads what they share; left to itself vitest leaves one core to itself. */
const unitTests =
  process.env['ZEBU_TEST_ALL'] === undefined
    ? { maxWorkers: '100%', sequence: { groupOrder: 0 } }
    : { ...besideEachOther, ...TRIED_AGAIN };

export default defineConfig({
  plugins: [scriptsAsText, builtTransports],
  resolve: { alias },
  test: {
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // A zebu on a test's terminal must not ask a registry for newer ones.
    env: { NO_UPDATE_NOTIFIER: '1' },
    // Its JSON is imported in a way only a bundler understands.
    server: { deps: { inline: ['@actions/workflow-parser'] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          globalSetup: ['test/support/unit-packages.ts'],
          // Where this machine has Compose is no matter to scripts that are tried with a stand-in for Docker.
          env: { DOCKER_CONFIG: source('test/support/docker-config') },
          testTimeout: 30_000,
          ...unitTests,
          // What a file imports is there for the next one, which is a third of a second of a processor for each; what a file has put in the
          // place of something is taken back.
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          unstubGlobals: true,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/namespace-lab.ts'],
          testTimeout: minutes(2),
          hookTimeout: minutes(10),
          ...besideEachOther,
          ...TRIED_AGAIN,
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
          // It is one file, beside those of the other kind: several emulated guests would only time each other out.
          ...besideEachOther,
          ...TRIED_AGAIN,
        },
      },
      {
        extends: true,
        test: {
          // What takes long and happens rarely: `npm run test:long`, no part of `npm test`.
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          globalSetup: ['test/support/namespace-lab.ts'],
          testTimeout: minutes(10),
          hookTimeout: minutes(10),
          fileParallelism: false,
          ...TRIED_AGAIN,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
