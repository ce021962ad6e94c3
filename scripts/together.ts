/**
 * esbuild makes a file of what the same entry points load, and so dozens of small ones of what all commands load in the end; each
 * costs Node as much as thousands of lines do. Here every entry point that loads anything of a group loads all of it, and
 * the group becomes one file.
 */
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

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

type Graph = ReadonlyMap<string, Module>;

function graphOf({ inputs }: Metafile): Graph {
  return new Map(
    Object.entries(inputs).map(([at, { imports }]) => {
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

/**
 * @returns for an entry point, the groups that it has to load whole. Not one that loads the entry point itself: in such a circle a module
 * would run before those that it imports.
 */
export function wholeGroups(
  graph: Graph,
  entryPoints: readonly string[],
  groups: readonly Group[],
): ReadonlyMap<string, readonly string[]> {
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
      const whole = members.filter(
        ({ always, own, inner }) => !inner.has(entry) && (always || own.some((each) => loaded.has(each))),
      );
      return [entry, whole.map(({ name }) => name)];
    }),
  );
}

const GROUP = 'zebu-group:';

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
  const wanted = wholeGroups(graphOf(metafile), options.entryPoints, groups);
  const root = options.absWorkingDir;
  return {
    prefix: (path) =>
      (wanted.get(path.slice(root.length).replaceAll('\\', '/')) ?? [])
        .map((name) => `import '${GROUP}${name}';`)
        .join(''),
    plugin: {
      name: 'together',
      setup(bundle) {
        bundle.onResolve({ filter: new RegExp(`^${GROUP}`) }, ({ path }) => ({
          path,
          namespace: 'together',
          sideEffects: true,
        }));
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
