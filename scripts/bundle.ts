/**
 * How the core is bundled. Start-up is mostly the loading of many small files (`@oclif/core` alone is hundreds) and the
 * evaluation of modules that the command at hand never uses; the plugins below are about the latter.
 */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import type { BuildOptions, Plugin } from 'esbuild';
import { eagerly, lazily } from './lazily.ts';
import { BUILT_TRANSPORTS, ownTransports } from './own-transports.ts';
import { SCRIPT_FILE, scriptText } from './script-text.ts';

type Shortcuts = readonly (readonly [slow: string, quick: string])[];

/** The text of a file with what is quick in the place of what is slow. @throws where that is not there, and so the library is another one */
function shortened(library: string, path: string, shortcuts: Shortcuts = []): string {
  return shortcuts.reduce(
    (text, [slow, quick]) => {
      if (!text.includes(slow)) throw new Error(`${library} has changed: there is no ${slow}`);
      return text.replace(slow, () => quick);
    },
    readFileSync(path, 'utf8'),
  );
}

/** What oclif does on every start in a way that is only slow; each is looked for, so that an update of oclif is noticed. */
const SHORTCUTS: Readonly<Record<string, Shortcuts>> = {
  // Loads the tables of ICU, for names of letters, digits and colons.
  'config/plugin.js': [['a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)']],
  // Compiles seven patterns without a wildcard against each dependency.
  'config/plugin-loader.js': [
    ['(0, minimatch_1.minimatch)(p, w)', '(/[*?[\\]{}()!|+]/.test(w) ? (0, minimatch_1.minimatch)(p, w) : p === w)'],
  ],
  // Makes another one of what is there already, and loads that once more.
  'config/config.js': [
    ['if (isConfig(opts)) {', 'if (opts instanceof Config) return opts;\n        if (isConfig(opts)) {'],
  ],
  // Makes a stream of stdout, whoever writes to it; who has made it listens by himself (cli/main.ts).
  'command.js': [["process.stdout.on('error', ", '(() => {})(']],
  'screen.js': (['stdout', 'stderr'] as const).map((name, index): readonly [string, string] => [
    `termwidth(process.${name})`,
    `(require('zebu:may-be-terminal').mayBeTerminal(${index + 1}) ? termwidth(process.${name}) : 80)`,
  ]),
  // The promises of node:fs bring an editor of lines along.
  'util/fs.js': [["await (0, promises_1.readFile)(path, 'utf8')", "(0, node_fs_1.readFileSync)(path, 'utf8')"]],
  // A template is compiled for each line of help, and most have nothing in them.
  'help/util.js': [
    [
      'return ejs_1.default.render(t, context);',
      "return typeof t === 'string' && !t.includes('%') ? t : ejs_1.default.render(t, context);",
    ],
  ],
  // Two files more to load for one constant.
  'util/os.js': [
    ["(await import('wsl-utils')).isWsl", "require('wsl-utils').isWsl"],
    ["(await import('wsl-utils')).powerShellPath()", "require('wsl-utils').powerShellPath()"],
  ],
};

/** What oclif loads at once all the same: small, or used by whatever is loaded with it. Anything else is a change of oclif. */
const EAGER = new Set(['./errors', './parser', 'ansi-escapes', 'get-package-type', 'wordwrap', 'zebu:may-be-terminal']);

/** Nearly all of what oclif loads; far fewer are an oclif that is compiled in another way. */
const FEWEST_DEFERRED = 200;

const lazyOclif: Plugin = {
  name: 'lazy-oclif',
  setup(build) {
    let files = 0;
    let deferred = 0;
    build.onLoad({ filter: /node_modules[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, ({ path }) => {
      const name = path.replaceAll('\\', '/').replace(/^.*\/@oclif\/core\/lib\//, '');
      const lazy = lazily(shortened(`${name} of oclif`, path, SHORTCUTS[name]));
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

/** The promises of node:fs bring an editor of lines along, and many a module has them for what is seldom done. */
const whenCalled = (names: string): string =>
  names
    .split(/[{},\s]+/)
    .filter((name) => name !== '')
    .map((name) =>
      name === 'constants'
        ? `const constants = globalThis.process.getBuiltinModule('node:fs').constants;`
        : `const ${name} = (...all) => globalThis.process.getBuiltinModule('node:fs').promises.${name}(...all);`,
    )
    .join(' ');

/**
 * Imported as ES modules, Node's own modules have every property read for the list of exports, also those that load
 * further modules when they are read: `node:fs` and `node:util` cost a quarter of the time in which Node itself starts.
 * Taken out of what Node has at hand, only the names that are used are read.
 */
function byName(source: string): string {
  return source.replaceAll(
    /^import (?!type\b)(?:(\w+)(?:, )?)?(\{[^}]*\})? from ['"]([\w:/]+)['"];?/gm,
    (whole, namespace: string | undefined, names: string | undefined, from: string) => {
      if (!isBuiltin(from)) return whole;
      if (from === 'node:fs/promises') return whenCalled(names ?? '');
      const values = names?.replace(/\btype \w+,?/g, '').replaceAll(/(\w+) as (\w+)/g, '$1: $2');
      return [namespace, values]
        .filter((target) => target !== undefined)
        .map((target) => `const ${target} = globalThis.process.getBuiltinModule('${from}');`)
        .join(' ');
    },
  );
}

/** @param prefix what stands at the top of a file, given its path */
const builtinsByName = (prefix: (path: string) => string = () => ''): Plugin => ({
  name: 'builtins-by-name',
  setup(build) {
    build.onLoad({ filter: /\.(ts|m?js)$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = `${prefix(path)}${byName(source)}`;
      return contents === source ? undefined : { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
});

/** All that oclif asks of it on every start is one constant; the rest of it brings `node:child_process` along. */
const lightWsl: Plugin = {
  name: 'light-wsl',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]wsl-utils[\\/]index\.js$/ }, () => ({
      contents: `export { default as isWsl } from 'is-wsl';
        export const powerShellPath = async () => require('powershell-utils').powerShellPath();`,
    }));
  },
};

const plainWidth: Plugin = {
  name: 'plain-width',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]string-width[\\/]index\.js$/ }, ({ path }) => {
      const slow = 'string = stripAnsi(string);';
      // Help measures each of its words, and what is printable ASCII is as wide as it is long.
      const quick = `if (/^[ -~]*$/.test(string)) return string.length; ${slow}`;
      return { contents: shortened('string-width', path, [[slow, quick]]), loader: 'js' };
    });
  },
};

/** What libraries ask of terminals that are none, which takes what Node has for terminals; each is looked for. */
const COLOUR_SHORTCUTS: Readonly<Record<string, Shortcuts>> = {
  'supports-color': [
    ["const os = require('os');", "const os = { release: () => require('os').release() };"],
    [
      "const tty = require('tty');",
      "const tty = { isatty: (fd) => require('zebu:may-be-terminal').mayBeTerminal(fd) && require('tty').isatty(fd) };",
    ],
  ],
  ansis: [['!!s.stdout?.isTTY', "require('zebu:may-be-terminal').mayBeTerminal(1)&&!!s.stdout?.isTTY"]],
};

const plainColours: Plugin = {
  name: 'plain-colours',
  setup(build) {
    build.onResolve({ filter: /^zebu:may-be-terminal$/ }, () => ({
      path: `${build.initialOptions.absWorkingDir}plugins/kit/dist/may-be-terminal.js`,
    }));
    for (const [library, shortcuts] of Object.entries(COLOUR_SHORTCUTS))
      build.onLoad({ filter: new RegExp(`node_modules[\\\\/]${library}[\\\\/]index\\.js$`) }, ({ path }) => {
        return { contents: shortened(library, path, shortcuts), loader: 'js' };
      });
  },
};

/** oclif's messages for DEBUG; where there is none, what prints them in colour is not loaded. */
const quietDebug: Plugin = {
  name: 'quiet-debug',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]debug[\\/]src[\\/]index\.js$/ }, () => ({
      contents: `module.exports = process.env.DEBUG ? require('./node.js') : () => () => {};`,
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

const POLY1305_AT_ONCE = `init: (() => {
    // eslint-disable-next-line no-async-promise-executor
    return new Promise(async (resolve, reject) => {
      try {
        POLY1305_WASM_MODULE = await require('./crypto/poly1305.js')();
        POLY1305_RESULT_MALLOC = POLY1305_WASM_MODULE._malloc(16);
        poly1305_auth = POLY1305_WASM_MODULE.cwrap(
          'poly1305_auth',
          null,
          ['number', 'array', 'number', 'array', 'number', 'array']
        );
      } catch (ex) {
        return reject(ex);
      }
      resolve();
    });
  })(),`;
const POLY1305_WHEN_ASKED = `
const readyPoly1305 = () => {
  if (poly1305_auth !== undefined) return;
  POLY1305_WASM_MODULE = {};
  require('./crypto/poly1305.js')(POLY1305_WASM_MODULE);
  POLY1305_RESULT_MALLOC = POLY1305_WASM_MODULE._malloc(16);
  poly1305_auth = POLY1305_WASM_MODULE.cwrap('poly1305_auth', null, ['number', 'array', 'number', 'array', 'number', 'array']);
};`;
const ZLIB_NAMES =
  'createInflate, DEFLATE, INFLATE, Z_DEFAULT_CHUNK, Z_DEFAULT_COMPRESSION, Z_DEFAULT_MEMLEVEL, Z_DEFAULT_STRATEGY, Z_DEFAULT_WINDOWBITS, Z_PARTIAL_FLUSH, ZlibHandle';

/** What the SSH library loads at once, or tries, for what is seldom used; each is looked for, so that an update of it is noticed. */
const SSH_SHORTCUTS: Readonly<Record<string, Shortcuts>> = {
  // The agents of Windows.
  'ssh2/lib/agent.js': [
    [
      "const { execFile, spawn } = require('child_process');",
      "const execFile = (...all) => require('child_process').execFile(...all), spawn = (...all) => require('child_process').spawn(...all);",
    ],
  ],
  // For names, where it is not given a socket.
  'ssh2/lib/client.js': [
    ["const { lookup: dnsLookup } = require('dns');", "const dnsLookup = (...all) => require('dns').lookup(...all);"],
  ],
  // Native code is built on nobody's machine, and without it what the processor can changes nothing.
  'ssh2/lib/protocol/constants.js': [["cpuInfo = require('cpu-features')();", '']],
  'ssh2/lib/protocol/crypto.js': [
    ["binding = require('./crypto/build/Release/sshcrypto.node');", 'throw undefined;'],
    // WebAssembly that only one cipher needs, which few servers are left with.
    [POLY1305_AT_ONCE, 'init: Promise.resolve(),'],
    ['let poly1305_auth;', `let poly1305_auth;${POLY1305_WHEN_ASKED}`],
    ...(['Cipher', 'Decipher'] as const).map((way): readonly [string, string] => {
      const made = `class ChaChaPoly${way}Native {\n  constructor(config) {`;
      return [made, `${made} readyPoly1305();`];
    }),
  ],
  'ssh2/lib/protocol/crypto/poly1305.js': [
    [
      '(function(){return J||"function"!==typeof WebAssembly.instantiateStreaming',
      'return a(new WebAssembly.Instance(new WebAssembly.Module(H(W)),e)),{};(function(){return J||"function"!==typeof WebAssembly.instantiateStreaming',
    ],
  ],
  // Compression, which is not asked for.
  'ssh2/lib/protocol/zlib.js': [
    [
      'const {\n  createInflate,\n  constants: {',
      `let ${ZLIB_NAMES};\nconst load = () => {\n({\n  createInflate,\n  constants: {`,
    ],
    [
      "} = require('zlib');\nconst ZlibHandle = createInflate()._handle.constructor;",
      "} = require('zlib'));\nZlibHandle = createInflate()._handle.constructor;\n};",
    ],
    ...(['DEFLATE', 'INFLATE'] as const).map((way): readonly [string, string] => [
      `new Zlib(${way})`,
      `(load(), new Zlib(${way}))`,
    ]),
  ],
  // Of arguments that are right, as good as always.
  'asn1/lib/ber/reader.js': [
    ["var assert = require('assert');", "var assert = { ok: (value) => value || require('assert').ok(value) };"],
  ],
  'asn1/lib/ber/writer.js': [
    [
      "var assert = require('assert');",
      "var assert = { ok: (value) => value || require('assert').ok(value), equal: (one, other) => one === other || require('assert').equal(one, other) };",
    ],
  ],
  'ssh2/lib/protocol/node-fs-compat.js': [
    [
      "const assert = require('assert');",
      "const assert = (value, message) => value || require('assert')(value, message);",
    ],
  ],
  'sb-scandir/lib/esm/index.mjs': [
    [
      "import invariant from 'assert';",
      "const invariant = (value, message) => value || require('assert')(value, message);",
    ],
  ],
  'node-ssh/lib/esm/index.mjs': [
    [
      "import invariant, { AssertionError } from 'assert';",
      "const invariant = (value, message) => value || require('assert')(value, message); const AssertionError = function (options) { return new (require('assert').AssertionError)(options); };",
    ],
  ],
};

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
    for (const [file, shortcuts] of Object.entries(SSH_SHORTCUTS))
      build.onLoad({ filter: new RegExp(`node_modules/${file}$`.replaceAll('/', '[\\\\/]')) }, ({ path }) => {
        found += 1;
        return { contents: byName(shortened(file, path, shortcuts)), loader: 'js' };
      });
    const all = 4 + Object.keys(SSH_SHORTCUTS).length;
    build.onEnd(() =>
      found === all ? {} : { errors: [{ text: 'ssh2 or node-ssh has changed: see light-ssh in bundle.ts' }] },
    );
  },
};

const REQUIRE = {
  js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
};

/** A module of a plugin as one file with what it imports. */
const oneFile = (root: string, entry: string): BuildOptions => ({
  absWorkingDir: root,
  entryPoints: [entry],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  logLevel: 'warning',
});

/** The same in the place of what tsc has made of it. */
const inPlace = (root: string, plugin: string, module: string): BuildOptions => ({
  ...oneFile(root, `plugins/${plugin}/src/${module}.ts`),
  outfile: `plugins/${plugin}/dist/${module}.js`,
  allowOverwrite: true,
});

/** node-ssh and all it needs as one file of the kit; what it has besides as native code is built on nobody's machine. */
export const sshLibrary = (root: string): BuildOptions => ({
  ...inPlace(root, 'kit', 'ssh/library'),
  minifySyntax: true,
  minifyWhitespace: true,
  // A part of ssh2 asks where it lies, without looking for anything there.
  banner: { js: `${REQUIRE.js}const __dirname = import.meta.dirname;` },
  external: ['cpu-features', '*.node'],
  plugins: [lightSsh, builtinsByName()],
});

/** The code of our own sources of secrets, each one file with the little that it uses of zod: all of that are a hundred. */
export const sourceFiles = (root: string): readonly BuildOptions[] =>
  (
    [
      ['secrets-dotenv', 'index'],
      // Loaded for what is not as usual.
      ['secrets-dotenv', 'settings'],
      ['secrets-github', 'index'],
    ] as const
  ).map(([plugin, module]) => ({
    ...inPlace(root, plugin, module),
    minifySyntax: true,
    // What an error is has to be the same for everybody.
    external: ['@zebu/kit', '@zebu/kit/*', 'libsodium-wrappers', './settings.js'],
    plugins: [builtinsByName()],
  }));

/** What plugins import of the kit, each as one file; what an error is stays in one of its own, which all of them share. */
const KIT_ENTRIES = ['index', 'rest/index', 'ssh/index'] as const;

export const kitFiles = (root: string): readonly BuildOptions[] =>
  KIT_ENTRIES.map((entry) => ({
    ...inPlace(root, 'kit', entry),
    external: ['./library.js'],
    plugins: [
      {
        name: 'one-error',
        setup(build) {
          build.onResolve({ filter: /\/errors\.js$/ }, () => ({
            path: `${entry.includes('/') ? '..' : '.'}/errors.js`,
            external: true,
          }));
        },
      },
      builtinsByName(),
    ],
  }));

/**
 * @param root folder of the repository, ending in a slash
 * @param prefix what stands at the top of a file, given its path
 */
export const bundling = (root: string, prefix: (path: string) => string = () => '') =>
  ({
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
    // Whichever comes first loads a file.
    plugins: [
      builtTransports(root),
      lazyOclif,
      lightWsl,
      plainWidth,
      plainColours,
      quietDebug,
      builtinsByName(prefix),
      scriptsAsText,
      fetchOfNode,
    ],
  }) satisfies BuildOptions;

/** What stands for modules of `src/lib` in the bundle: by file, what it exports. */
export type Derived = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The same with what follows from schemas worked out: the keys of zebu.yml there are, and the rules that accept a configuration, or a line
 * of the VM. Either takes a command longer than all else that it does with them.
 */
export function withDerived<T extends BuildOptions>(options: T, derived: Derived): T & { readonly plugins: Plugin[] } {
  const plugin: Plugin = {
    name: 'derived',
    setup(build) {
      for (const [file, values] of Object.entries(derived))
        build.onLoad({ filter: new RegExp(`src/lib/${file}\\.ts$`.replaceAll('/', '[\\\\/]')) }, () => ({
          contents: Object.entries(values)
            // Parsing text as JSON is faster than as JavaScript.
            .map(([name, value]) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});`)
            .join('\n'),
        }));
    },
  };
  return { ...options, plugins: [plugin, ...(options.plugins ?? [])] };
}
