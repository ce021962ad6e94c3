import * as z from 'zod';
import type { StrategyLine } from './strategy-line.js';
import { RELEASE_MARK } from './script.js';
import type { PlannedService } from '../results.js';

/** The members that are compared one by one; the rest of a service is compared as one value. */
const mount = z.looseObject({ type: z.string(), source: z.string().optional() });
const grant = z.looseObject({ source: z.string().optional() });
const content = z.looseObject({
  file: z.string().optional(),
  content: z.string().optional(),
  environment: z.string().optional(),
});
const build = z.looseObject({ context: z.string().default('.'), dockerfile: z.string().optional() });
const service = z.looseObject({
  image: z.string().optional(),
  build: build.optional(),
  volumes: z.array(mount).optional(),
  configs: z.array(grant).optional(),
  secrets: z.array(grant).optional(),
  networks: z.record(z.string(), z.unknown()).optional(),
  depends_on: z.record(z.string(), z.looseObject({ restart: z.boolean().optional() })).optional(),
});

/** What `docker compose config --format json` prints. */
export const composeConfig = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), service),
  configs: z.record(z.string(), content).optional(),
  secrets: z.record(z.string(), content).optional(),
  networks: z.record(z.string(), z.unknown()).optional(),
});
export type ComposeConfig = z.infer<typeof composeConfig>;
type Service = z.infer<typeof service>;

export interface Comparison {
  /** Null before the first release, and when its files cannot be read any more. */
  readonly live: ComposeConfig | null;
  readonly target: ComposeConfig;
  /** Paths from the top of the repository that differ between the two commits; null when that is not known. */
  readonly changedFiles: readonly string[] | null;
  /** Names of secrets that get another value. */
  readonly changedSecrets: readonly string[];
  /** The same of settings. */
  readonly changedSettings: readonly string[];
  readonly strategies: ReadonlyMap<string, StrategyLine>;
  /** Folders that follow the commit where they outlive releases: where they are kept → path from the top of the repository. */
  readonly tended: ReadonlyMap<string, string>;
}

const TREE = `${RELEASE_MARK}/tree`;

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

function keysThatDiffer(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): readonly string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
  return names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

/** Files of a build context that changed; undefined for a context that is not part of the commit. */
function changedIn(context: string, files: readonly string[]): readonly string[] | undefined {
  if (context !== TREE && !context.startsWith(`${TREE}/`)) return undefined;
  const folder = context.slice(TREE.length + 1);
  return folder === '' ? files : files.filter((file) => file.startsWith(`${folder}/`));
}

/** Why the image of a service may differ from that of the live release. */
function imageReasons(then: Service, now: Service, changedFiles: readonly string[] | null): readonly string[] {
  if (now.build === undefined) return [];
  const reasons: string[] = [];
  if (then.build !== undefined && JSON.stringify(then.build) !== JSON.stringify(now.build))
    reasons.push(`build settings changed: ${keysThatDiffer(then.build, now.build).join(', ')}`);
  const files = changedFiles === null ? undefined : changedIn(now.build.context, changedFiles);
  if (files === undefined) reasons.push('built from files zebu cannot compare');
  else if (files.length > 0) reasons.push(`built from ${plural(files.length, 'changed file')}`);
  return reasons;
}

/** Which service's build makes the image of each. */
function builders({ name, services }: ComposeConfig): ReadonlyMap<string, string> {
  const imageOf = (service: string): string => services[service]?.image ?? `${name}-${service}`;
  const all = Object.keys(services);
  const builders = all.filter((each) => services[each]?.build !== undefined);
  return new Map(
    all.flatMap((each) => {
      const builder = builders.includes(each) ? each : builders.find((other) => imageOf(other) === imageOf(each));
      return builder === undefined ? [] : [[each, builder] as const];
    }),
  );
}

function secretsUsed(service: Service, names: readonly string[]): readonly string[] {
  const text = JSON.stringify({ ...service, build: undefined });
  return names.filter((name) => text.includes(`zebu-marker-${name}-end`));
}

/** Why the content at a path of the commit differs from the live one; empty when it is the same. */
function fileReasons(paths: readonly string[], changedFiles: readonly string[] | null): readonly string[] {
  const inCommit = paths.filter((path) => path.startsWith(`${TREE}/`) || path === TREE);
  if (inCommit.length === 0) return [];
  if (changedFiles === null) return ['is given files of the commit, which zebu cannot compare'];
  const changed = new Set(
    inCommit.flatMap((path) => {
      const name = path.slice(TREE.length + 1);
      return changedFiles.filter((file) => name === '' || file === name || file.startsWith(`${name}/`));
    }),
  );
  return changed.size === 0 ? [] : [`is given ${plural(changed.size, 'changed file')} of the commit`];
}

/** The path of the commit that is at a path of the VM, where that is a folder that follows the commit. */
function inCommit(path: string, tended: ReadonlyMap<string, string>): string {
  for (const [place, name] of tended)
    if (path === place || path.startsWith(`${place}/`))
      return `${TREE}${name === '.' ? '' : `/${name}`}${path.slice(place.length)}`;
  return path;
}

/** Why the configs, secrets or networks of a service differ from the live ones. */
function givenReasons(
  name: string,
  live: ComposeConfig,
  target: ComposeConfig,
  { changedFiles, changedSecrets, changedSettings, tended }: Comparison,
): readonly string[] {
  const now = target.services[name];
  const reasons: string[] = [];
  const files = (now?.volumes ?? []).flatMap(({ type, source }) =>
    type === 'bind' && source !== undefined ? [inCommit(source, tended)] : [],
  );
  for (const kind of ['configs', 'secrets'] as const) {
    for (const { source = '' } of now?.[kind] ?? []) {
      const [before, after] = [live[kind]?.[source], target[kind]?.[source]];
      if (after?.file !== undefined && before?.file !== undefined) files.push(inCommit(after.file, tended));
      else if (JSON.stringify(before) !== JSON.stringify(after)) reasons.push(`another content of ${source}`);
      const text = JSON.stringify(after) ?? '';
      const other = [
        ...changedSecrets.filter((secret) => text.includes(`zebu-marker-${secret}-end`)),
        ...[...changedSecrets, ...changedSettings].filter((each) => after?.environment === each),
      ];
      if (other.length > 0) reasons.push(`another value of ${other.join(', ')}`);
    }
  }
  // Where Compose looks for it there is one with all secrets and settings, unless the commit has its own.
  const dotenv = files.some(
    (path) => (path.startsWith(`${TREE}/`) && path.endsWith('/.env')) || path.endsWith('/shared/secrets/env_file'),
  );
  const within = dotenv ? [...changedSecrets, ...changedSettings] : [];
  if (within.length > 0) reasons.push(`another .env: ${within.join(', ')}`);
  for (const network of Object.keys(now?.networks ?? {})) {
    if (JSON.stringify(live.networks?.[network]) !== JSON.stringify(target.networks?.[network]))
      reasons.push(`the network ${network} is made anew`);
  }
  return [...reasons, ...fileReasons(files, changedFiles)];
}

/** What becomes of each service, in the order of their names. */
export function compareServices(input: Comparison): readonly PlannedService[] {
  const { live, target, changedFiles, changedSecrets, strategies } = input;
  const builtBy = builders(target);
  const names = [...new Set([...Object.keys(live?.services ?? {}), ...Object.keys(target.services)])].toSorted();
  return names.map((name): PlannedService => {
    const then = live?.services[name];
    const now = target.services[name];
    if (now === undefined)
      return {
        service: name,
        change: 'removed',
        strategy: null,
        reasons: ['no longer in the Compose files'],
        forced: null,
      };
    if (then === undefined) return { service: name, change: 'added', strategy: null, reasons: [], forced: null };
    const builder = builtBy.get(name);
    const certain: string[] = [];
    const differ = keysThatDiffer(then, now).filter(
      (key) =>
        key !== 'build' &&
        // Compose reads `develop` for `compose watch` only; a deploy leaves it out.
        key !== 'develop' &&
        (key !== 'image' || (now.build === undefined && builder === undefined)),
    );
    if (differ.length > 0) certain.push(`settings changed: ${differ.join(', ')}`);
    const secrets = secretsUsed(now, changedSecrets);
    if (secrets.length > 0) certain.push(`another value of ${secrets.join(', ')}`);
    if (live !== null) certain.push(...givenReasons(name, live, target, input));
    const source = builder === undefined ? undefined : target.services[builder];
    const maybe =
      source === undefined
        ? []
        : imageReasons(live?.services[builder ?? ''] ?? then, source, changedFiles).map((reason) =>
            builder === name ? reason : `image of ${builder ?? ''}: ${reason}`,
          );
    const change = certain.length > 0 ? 'replaced' : maybe.length > 0 ? 'maybe-replaced' : 'unchanged';
    const line = strategies.get(name);
    return {
      service: name,
      change,
      strategy: change === 'unchanged' ? null : (line?.how ?? 'recreate'),
      reasons: [...certain, ...maybe],
      forced: change === 'unchanged' ? null : (line?.why ?? null),
    };
  });
}
