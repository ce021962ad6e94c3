/**
 * esbuild makes a file of what the same entry points load, and so dozens of small ones of what all commands load in the end; each
 * costs Node as much as thousands of lines do. Here every entry point that loads anything of a group loads all of it, and
 * the group becomes one file.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

export interface Group {
  readonly name: string;
  /** It has been loaded before anything else is, so that whatever is loaded later may as well ask for it. */
  readonly always?: boolean;
  /** Files of the repository: what they load at once is the group. */
  readonly roots: readonly string[];
}

interface Module {
  readonly at: string;
  readonly once: readonly string[];
  readonly later: readonly string[];
}

export type Graph = ReadonlyMap<string, Module>;

/** What esbuild tells of a file. */
interface Imports {
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

/** @param files of a build, those that went in or those that came out */
export function graphOf(files: Readonly<Record<string, Imports>>): Graph {
  return new Map(
    Object.entries(files).map(([at, { imports }]) => {
      const inside = imports.filter(({ external }) => external !== true);
      const paths = (late: boolean): string[] =>
        inside.filter(({ kind }) => (kind === 'dynamic-import') === late).map(({ path }) => path);
      return [at, { at, once: paths(false), later: paths(true) }] as const;
    }),
  );
}

/** All that is loaded at once by these. */
function loadedBy(graph: Graph, roots: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  const todo = [...roots];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    todo.push(...(graph.get(next)?.once ?? []));
  }
  return seen;
}

/** What an entry point has to load whole. */
export interface Wanted {
  readonly groups: readonly string[];
  /**
   * One of them loads the entry point itself. It cannot ask for that: in such a circle a module would run before those that it imports. It is loaded by
   * way of a module that asks for both.
   */
  readonly within: boolean;
}

/** @returns by entry point */
export function wholeGroups(
  graph: Graph,
  entryPoints: readonly string[],
  groups: readonly Group[],
): ReadonlyMap<string, Wanted> {
  const taken = new Set<string>();
  const members = groups.map(({ name, roots, always = false }) => {
    const all = loadedBy(graph, roots);
    const own = [...all].filter((each) => !taken.has(each));
    for (const each of own) taken.add(each);
    return { name, always, own, inner: new Set([...all].filter((each) => !roots.includes(each))) };
  });
  const entries = new Set([...entryPoints, ...[...graph.values()].flatMap(({ later }) => later)]);
  return new Map(
    [...entries].map((entry) => {
      const loaded = loadedBy(graph, [entry]);
      const whole = members.filter(({ always, own }) => always || own.some((each) => loaded.has(each)));
      return [entry, { groups: whole.map(({ name }) => name), within: whole.some(({ inner }) => inner.has(entry)) }];
    }),
  );
}

const GROUP = 'zebu-group:';
const ENTRY = 'zebu-entry';

export interface Together {
  readonly plugin: Plugin;
  /** What stands at the top of a file. @param path absolute */
  readonly prefix: (path: string) => string;
}

/** Looks at how modules load each other first. @param options of the bundle, with entry points relative to `absWorkingDir` */
export async function together(
  options: BuildOptions & { readonly absWorkingDir: string; readonly entryPoints: string[] },
  groups: readonly Group[],
): Promise<Together> {
  const { metafile } = await build({
    ...options,
    write: false,
    metafile: true,
    splitting: true,
    outdir: '.build/graph',
  });
  const wanted = wholeGroups(graphOf(metafile.inputs), options.entryPoints, groups);
  const root = options.absWorkingDir;
  const inRoot = (path: string): string => path.slice(root.length).replaceAll('\\', '/');
  const asked = ({ groups: names }: Wanted): string => names.map((name) => `import '${GROUP}${name}';`).join('');
  return {
    prefix: (path) => {
      const whole = wanted.get(inRoot(path));
      return whole === undefined || whole.within ? '' : asked(whole);
    },
    plugin: {
      name: 'together',
      setup(bundle) {
        bundle.onResolve({ filter: new RegExp(`^${GROUP}`) }, ({ path }) => ({
          path,
          namespace: 'together',
          sideEffects: true,
        }));
        bundle.onResolve({ filter: /^[.]/ }, async ({ path, kind, resolveDir, namespace }) => {
          if (kind !== 'dynamic-import' || namespace === ENTRY) return undefined;
          const file = resolve(resolveDir, path.replace(/[.]js$/, '.ts'));
          return wanted.get(inRoot(file))?.within === true ? { path: file, namespace: ENTRY } : undefined;
        });
        bundle.onLoad({ filter: /.*/, namespace: ENTRY }, ({ path }) => {
          const whole = wanted.get(inRoot(path));
          if (whole === undefined || /^export default /m.test(readFileSync(path, 'utf8')))
            throw new Error(`${path} has a default export, which is not handed on: see together.ts`);
          return { contents: `${asked(whole)}export * from './${inRoot(path)}';`, resolveDir: root };
        });
        bundle.onLoad({ filter: /.*/, namespace: 'together' }, ({ path }) => ({
          contents: (groups.find(({ name }) => path === `${GROUP}${name}`)?.roots ?? [])
            .map((file) => `import './${file}';`)
            .join('\n'),
          resolveDir: root,
        }));
      },
    },
  };
}

const HANDS_ON =
  /^(?:import \{ createRequire [^\n]*\n)?import\{([^}]*)\}from"([^"]+)";(?:import"[^"]+";)*export\{([^}]*)\};\s*$/;

/**
 * Where what is loaded later lies in a file with other things, esbuild makes one more that only hands its names on. Here that is asked for
 * directly, by whoever has all else loaded that this one would.
 * @param files path in the bundle → text, and `graph` how they load each other
 * @returns those that are another text now, and as undefined those that nothing asks for any more
 */
export function withoutHandingOn(
  files: ReadonlyMap<string, string>,
  graph: Graph,
  entryPoints: ReadonlySet<string>,
): ReadonlyMap<string, string | undefined> {
  const direct = new Map<string, { readonly target: string; readonly lacking: readonly string[] }>();
  for (const [file, text] of files) {
    const [, taken, path = '', given] = HANDS_ON.exec(text) ?? [];
    if (taken === undefined || taken !== given || taken.includes(' as ') || entryPoints.has(file)) continue;
    const target = join(dirname(file), path);
    const loaded = loadedBy(graph, [target]);
    const others = graph.get(file)?.once ?? [];
    direct.set(file, { target, lacking: others.filter((other) => !loaded.has(other)) });
  }
  const asked = new Set<string>();
  const changed = new Map<string, string | undefined>();
  for (const [file, text] of files) {
    const own = loadedBy(graph, [file]);
    const now = text.replaceAll(/\bimport\("([.][^"]+)"\)/g, (whole, path: string) => {
      const later = join(dirname(file), path);
      const { target, lacking } = direct.get(later) ?? {};
      if (target === undefined || lacking?.some((other) => !own.has(other)) === true) {
        asked.add(later);
        return whole;
      }
      const to = relative(dirname(file), target).replaceAll('\\', '/');
      return `import("${to.startsWith('.') ? to : `./${to}`}")`;
    });
    if (now !== text) changed.set(file, now);
  }
  for (const file of direct.keys()) if (!asked.has(file)) changed.set(file, undefined);
  return changed;
}
