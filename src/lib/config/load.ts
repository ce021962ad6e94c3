import { dirname, join, relative, resolve } from 'node:path';
import { ZebuError, type TransportDeclaration } from '@zebu/kit';
import { checkBetweenSections } from './between-sections.js';
import { builtRules } from './built-rules.js';
import { builtTransports } from './built-transports.js';
import { NOT_ASKED, transportIn, wantsInstalled, type InstalledTransports } from './installed-transports.js';
import { configKeys, type ConfigKey } from './keys.js';
import { isTree, mergeLayers, parseYamlLayer, type Layer, type Origin, type Tree } from './layers.js';
import { environmentLayer, flagLayer, suspectVariables } from './overrides.js';
import { readText } from './read-text.js';
import { accepted } from './rules.js';
import type { Config } from './schema.js';

export const CONFIG_FILE = 'zebu.yml';

export interface LoadRequest {
  readonly cwd: string;
  /** `--config`; otherwise zebu.yml is looked for upwards from `cwd`. */
  readonly file?: string | undefined;
  /** `--env`: overlays `zebu.<env>.yml`. */
  readonly overlay?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `key=value`, each with the flag it came from. */
  readonly settings: readonly { text: string; flag: string }[];
  /** Asks installed plugins for the keys of their transports; only where there is something that zebu's own do not explain. */
  readonly installed?: (() => Promise<InstalledTransports>) | undefined;
  readonly warn: (line: string) => void;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Folder of zebu.yml; relative paths are relative to it. */
  readonly root: string;
  readonly file: string;
  readonly overlay: string | undefined;
  readonly keys: readonly ConfigKey[];
  /** Whose keys there are in `proxmox`. */
  readonly transports: readonly TransportDeclaration[];
  /** Where a dotted key was set; the nearest enclosing one, or the default. */
  readonly origin: (path: string) => Origin;
}

async function findUpwards(cwd: string, shown: (file: string) => string): Promise<{ file: string; text: string }> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_FILE);
    const text = await readText(file, shown(file));
    if (text !== undefined) return { file, text };
    if (folder === dirname(folder)) break;
  }
  throw new ZebuError('CONFIG_NOT_FOUND', `No ${CONFIG_FILE} in ${resolve(cwd)} or any folder above it`, {
    hint: `Write one with zebu init, or name it with --config or ZEBU_CONFIG.`,
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}

/** Names valid directly below a dotted path. */
function namesBelow(keys: readonly ConfigKey[], path: string): readonly string[] {
  const prefix = path === '' ? '' : `${path}.`;
  const names = keys
    .filter((key) => key.path.startsWith(prefix))
    .map((key) => key.path.slice(prefix.length).split('.')[0]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** The overlay's name becomes part of a file name. */
function checkOverlayName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) return;
  throw new ZebuError('CONFIG_INVALID', `--env ${name}: letters, digits, - and _ only`);
}

/** What the schema would make of it; undefined where the schema has to be asked. */
function byRules(values: Tree): Config | undefined {
  if (builtRules === undefined) return undefined;
  const config = accepted(values, builtRules);
  let refused = false;
  if (config !== undefined) checkBetweenSections(config, () => (refused = true));
  return refused ? undefined : config;
}

/**
 * zebu.yml, its overlay, ZEBU_* and flags as one frozen, validated object; flags win over the environment, that over
 * the overlay, that over the file, that over the defaults.
 * @throws CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function loadConfig(request: LoadRequest): Promise<LoadedConfig> {
  const env = (name: string): string | undefined => request.env[name] || undefined;
  const shown = (file: string): string => {
    const short = relative(request.cwd, file);
    return short.startsWith('..') ? file : short;
  };
  const named = request.file ?? env('ZEBU_CONFIG');
  let main: { file: string; text: string };
  if (named === undefined) main = await findUpwards(request.cwd, shown);
  else {
    const file = resolve(request.cwd, named);
    const text = await readText(file, named);
    if (text === undefined) throw new ZebuError('CONFIG_NOT_FOUND', `${named}: there is no such file`);
    main = { file, text };
  }
  const root = dirname(main.file);
  const layers: Layer[] = [parseYamlLayer(main.text, shown(main.file), 'file')];

  const overlay = request.overlay ?? env('ZEBU_ENV');
  if (overlay !== undefined) {
    checkOverlayName(overlay);
    const file = join(
      root,
      main.file.slice(root.length + 1).replace(/\.ya?ml$/, (ending) => `.${overlay}${ending}`),
    );
    const text = await readText(file, shown(file));
    if (text === undefined) {
      throw new ZebuError(
        'CONFIG_NOT_FOUND',
        `${shown(file)}: there is no such file, but --env ${overlay} asks for it`,
      );
    }
    layers.push(parseYamlLayer(text, shown(file), 'overlay'));
  }
  const own = await configKeys();
  const asked = wantsInstalled(own, layers, request) ? await request.installed?.() : undefined;
  const { declared, broken } = asked ?? NOT_ASKED;
  const transports = [...builtTransports, ...declared];
  const keys = declared.length === 0 ? own : await configKeys(declared);
  layers.push(environmentLayer(keys, env), flagLayer(keys, request.settings));
  for (const { variable, meant } of suspectVariables(keys, Object.keys(request.env))) {
    request.warn(`${variable} sets nothing; did you mean ${meant}?`);
  }

  const { values, origins } = mergeLayers(layers);
  const chosen = transportIn(values);
  const parse = async (): Promise<Config> => {
    const { parseBySchema } = await import('./parse.js');
    return parseBySchema(values, transports, declared.length === 0 ? undefined : chosen, {
      origins,
      file: shown(main.file),
      namesAt: (path) => namesBelow(keys, path),
      missing: chosen === undefined || transports.some(({ id }) => id === chosen) ? undefined : { id: chosen, broken },
    });
  };
  // The rules are those of zebu's own transports.
  const config = (declared.length === 0 ? byRules(values) : undefined) ?? (await parse());
  return {
    config: deepFreeze(config),
    root,
    file: main.file,
    overlay,
    keys,
    transports,
    origin: (path) => originOf(path, values, origins),
  };
}

function originOf(path: string, values: Tree, origins: ReadonlyMap<string, Origin>): Origin {
  let at: unknown = values;
  for (const name of path.split('.')) at = isTree(at) || Array.isArray(at) ? (at as Tree)[name] : undefined;
  if (at === undefined) return { kind: 'default' };
  for (let known = path; known !== ''; known = known.slice(0, Math.max(0, known.lastIndexOf('.')))) {
    const origin = origins.get(known);
    if (origin !== undefined) return origin;
  }
  return { kind: 'default' };
}
