import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './cli.js';
import { npm, packedAll, type Packed } from './packed.js';

/** Every package of the repository, packed and installed into an empty prefix, with an empty home. */
export interface Installation {
  readonly packages: readonly Packed[];
  /** Path of its `zebu`. */
  readonly program: string;
  /** Environment of a user who has nothing else: variables that zebu would read are unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a folder or file in its scratch space: `home`, `empty` and `packs` are there. */
  at(name: string): string;
  remove(): void;
}

export function install(): Installation {
  const top = mkdtempSync(join(tmpdir(), 'zebu-installed-'));
  const at = (name: string): string => join(top, name);
  for (const name of ['home', 'empty', 'prefix', 'packs']) mkdirSync(at(name));
  const packages = packedAll(at('packs'));
  // An empty home has no settings of npm; which registry and cache there are belongs to the machine, and whom it trusts.
  const settings = npm(['config', 'get', 'registry', 'cache'], { cwd: ROOT }).trim().split('\n');
  const setting = (key: string): string =>
    settings.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
  const foreign = Object.keys(process.env).filter(
    (name) => /^(ZEBU|GITHUB|XDG|NODE|VITEST)_|^(CI|VITEST)$/.test(name) && name !== 'NODE_EXTRA_CA_CERTS',
  );
  const env = {
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    HOME: at('home'),
    PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
    npm_config_registry: setting('registry'),
    npm_config_cache: setting('cache'),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  npm(
    ['install', '--global', '--prefix', at('prefix'), '--ignore-scripts', '--no-audit', '--no-fund'].concat(
      packages.map(({ tarball }) => tarball),
    ),
    { cwd: at('empty'), env, timeoutMs: 300_000 },
  );
  return {
    packages,
    program: at('prefix/bin/zebu'),
    env,
    at,
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}
