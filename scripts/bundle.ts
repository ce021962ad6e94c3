/**
 * How the core is bundled. Start-up is mostly the loading of many small files (`@oclif/core` alone is hundreds) and the
 * evaluation of modules that the command at hand never uses; the plugins below are about the latter.
 */
import { readFileSync } from 'node:fs';
import type { BuildOptions, Plugin } from 'esbuild';
import { eagerly, lazily } from './lazily.ts';
import { BUILT_TRANSPORTS, ownTransports } from './own-transports.ts';
import { SCRIPT_FILE, scriptText } from './script-text.ts';

/** What oclif does on every start in a way that is only slow; each is looked for, so that an update of oclif is noticed. */
const SHORTCUTS: Readonly<Record<string, readonly (readonly [slow: string, quick: string])[]>> = {
  // Loads the tables of ICU, for names of letters, digits and colons.
  'config/plugin.js': [['a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)']],
  // Compiles seven patterns without a wildcard against each dependency.
  'config/plugin-loader.js': [
    ['(0, minimatch_1.minimatch)(p, w)', '(/[*?[\\]{}()!|+]/.test(w) ? (0, minimatch_1.minimatch)(p, w) : p === w)'],
  ],
  // Two files more to load for one constant.
  'util/os.js': [["(await import('wsl-utils')).isWsl", "require('wsl-utils').isWsl"]],
};

/** What oclif loads at once all the same: small, or used by whatever is loaded with it. Anything else is a change of oclif. */
const EAGER = new Set(['./errors', './parser', 'ansi-escapes', 'get-package-type', 'wordwrap']);

/** Nearly all of what oclif loads; far fewer are an oclif that is compiled in another way. */
const FEWEST_DEFERRED = 200;

const lazyOclif: Plugin = {
  name: 'lazy-oclif',
  setup(build) {
    let files = 0;
    let deferred = 0;
    build.onLoad({ filter: /node_modules[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, ({ path }) => {
      let source = readFileSync(path, 'utf8');
      const name = path.replaceAll('\\', '/').replace(/^.*\/@oclif\/core\/lib\//, '');
      for (const [slow, quick] of SHORTCUTS[name] ?? []) {
        if (!source.includes(slow)) return { errors: [{ text: `${name} of oclif has changed: there is no ${slow}` }] };
        source = source.replace(slow, () => quick);
      }
      const lazy = lazily(source);
      files += 1;
      deferred += lazy.deferred;
      const strange = eagerly(lazy.text).filter((module) => !EAGER.has(module));
      if (strange.length > 0)
        return {
          errors: [{ text: `${name} of oclif has changed: it loads ${strange.join(', ')} at once (see lazily.ts)` }],
        };
      return { contents: lazy.text, loader: 'js' };
    });
    build.onEnd(() =>
      files === 0 || deferred >= FEWEST_DEFERRED
        ? {}
        : { errors: [{ text: `oclif has changed: only ${deferred} of its modules are loaded late (see lazily.ts)` }] },
    );
  },
};

/**
 * Imported as ES modules, Node's own modules have every property read for the list of exports, also those that load
 * further modules when they are read: `node:fs` and `node:util` cost a quarter of the time in which Node itself starts.
 * Taken out of what Node has at hand, only the names that are used are read.
 */
const builtinsByName: Plugin = {
  name: 'builtins-by-name',
  setup(build) {
    build.onLoad({ filter: /\.(ts|m?js)$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replaceAll(
        /^import (?!type\b)(?:(\w+)(?:, )?)?(\{[^}]*\})? from ['"](node:[\w/]+)['"];?/gm,
        (_, namespace: string | undefined, names: string | undefined, from: string) => {
          const values = names?.replace(/\btype \w+,?/g, '').replaceAll(/(\w+) as (\w+)/g, '$1: $2');
          return [namespace, values]
            .filter((target) => target !== undefined)
            .map((target) => `const ${target} = globalThis.process.getBuiltinModule('${from}');`)
            .join(' ');
        },
      );
      return contents === source ? undefined : { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
};

/** All that oclif asks of it on every start is one constant; the rest of it brings `node:child_process` along. */
const lightWsl: Plugin = {
  name: 'light-wsl',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]wsl-utils[\\/]index\.js$/ }, () => ({
      contents: `export { default as isWsl } from 'is-wsl';
        export const powerShellPath = async () => (await import('powershell-utils')).powerShellPath();`,
    }));
  },
};

/** proxmox-api brings an HTTP client for an engine that the transports stand in for; loading it takes a tenth of a second. */
const fetchOfNode: Plugin = {
  name: 'fetch-of-node',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'node-fetch' }));
    build.onLoad({ filter: /.*/, namespace: 'node-fetch' }, () => ({
      contents: 'export const fetch = (...request) => globalThis.fetch(...request);',
    }));
  },
};

const scriptsAsText: Plugin = {
  name: 'scripts-as-text',
  setup(build) {
    build.onLoad({ filter: SCRIPT_FILE }, ({ path }) => ({ contents: scriptText(path), loader: 'text' }));
  },
};

/** Declarations of the transports that come with zebu, which stand in for a module that has none. */
const builtTransports = (root: string): Plugin => ({
  name: 'built-transports',
  setup(build) {
    build.onLoad({ filter: BUILT_TRANSPORTS }, async () => ({
      contents: `export const builtTransports = ${JSON.stringify(await ownTransports(root))};`,
    }));
  },
});

/** Of what it loads at once, a server, an agent of HTTP and the making of keys are of no use here. */
const lightSsh: Plugin = {
  name: 'light-ssh',
  setup(build) {
    const spared = /ssh2[\\/]lib[\\/](?:http-agents|keygen|server)\.js$/;
    let found = 0;
    build.onLoad({ filter: spared }, () => {
      found += 1;
      return { contents: 'module.exports = {};' };
    });
    // For making a folder here, of which one is fetched.
    build.onLoad({ filter: /node_modules[\\/]make-dir[\\/]index\.js$/ }, () => {
      found += 1;
      return {
        contents: "module.exports = (folder) => require('node:fs').promises.mkdir(folder, { recursive: true });",
      };
    });
    build.onEnd(() =>
      found === 4 ? {} : { errors: [{ text: 'ssh2 or node-ssh has changed: see light-ssh in bundle.ts' }] },
    );
  },
};

const REQUIRE = {
  js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
};

/** node-ssh and all it needs as one file of the kit; what it has besides as native code is built on nobody's machine. */
export const sshLibrary = (root: string): BuildOptions => ({
  absWorkingDir: root,
  entryPoints: ['plugins/kit/src/ssh/library.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  // A part of ssh2 asks where it lies, without looking for anything there.
  banner: { js: `${REQUIRE.js}const __dirname = import.meta.dirname;` },
  external: ['cpu-features', '*.node'],
  plugins: [lightSsh],
});

/** @param root folder of the repository, ending in a slash */
export const bundling = (root: string): BuildOptions => ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  logLevel: 'warning',
  // CommonJS inside the bundle (oclif) asks for these.
  banner: REQUIRE,
  // typescript and its loaders are oclif's, for developing plugins; the others are imported by who needs them.
  external: [
    'typescript',
    'ts-node',
    'tsx',
    '@zebu/kit/rest',
    '@zebu/kit/ssh',
    'enquirer',
    'listr2',
    'node-ssh',
    '@oclif/plugin-plugins',
  ],
  // The same library, as modules instead of CommonJS: what is not used is left out.
  alias: { yaml: `${root}node_modules/yaml/browser/index.js` },
  plugins: [builtTransports(root), lazyOclif, builtinsByName, lightWsl, scriptsAsText, fetchOfNode],
});

/**
 * The same with the keys of zebu.yml worked out: deriving them from the schema takes a command longer than all else that
 * it does with its configuration.
 */
export function withKeys(options: BuildOptions, keys: unknown): BuildOptions {
  const builtKeys: Plugin = {
    name: 'built-keys',
    setup(build) {
      build.onLoad({ filter: /src[\\/]lib[\\/]config[\\/]built-keys\.ts$/ }, () => ({
        contents: `export const builtKeys = ${JSON.stringify(keys)};`,
      }));
    },
  };
  return { ...options, plugins: [builtKeys, ...(options.plugins ?? [])] };
}
