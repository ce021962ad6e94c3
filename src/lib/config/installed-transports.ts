import type { TransportDeclaration } from '@zebu/kit';
import { builtTransports } from './built-transports.js';
import { variableOf, type ConfigKey } from './keys.js';
import { isTree, type Layer, type Tree } from './layers.js';

/** What plugins that do not come with zebu have in zebu.yml. */
export interface InstalledTransports {
  readonly declared: readonly TransportDeclaration[];
  /** Those that cannot be used, and why. */
  readonly broken: readonly { readonly plugin: string; readonly reason: string; readonly id?: string }[];
}

export const NOT_ASKED: InstalledTransports = { declared: [], broken: [] };

/** The id of the transport that these values name; undefined where they leave it to the default. */
export function transportIn({ proxmox }: Tree): string | undefined {
  const id = isTree(proxmox) ? proxmox['transport'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

interface Given {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly settings: readonly { readonly text: string }[];
}

const TRANSPORT = 'proxmox.transport';

/**
 * Whether anything is said of `proxmox` that zebu's own transports do not explain: another transport, or a key or variable that
 * is none of theirs. Most often nothing is, and then no plugin has to be loaded.
 */
export function wantsInstalled(own: readonly ConfigKey[], files: readonly Layer[], { env, settings }: Given): boolean {
  const paths = new Set(own.map(({ path }) => path));
  const variables = new Set(own.map(({ variable }) => variable));
  const isForeign = (id: string | undefined): boolean =>
    id !== undefined && id !== '' && !builtTransports.some((transport) => transport.id === id);
  return (
    isForeign(env[variableOf(TRANSPORT)]) ||
    Object.keys(env).some((name) => name.startsWith('ZEBU_PROXMOX_') && !variables.has(name)) ||
    settings.some(({ text }) => {
      const [path = '', value] = text.split('=', 2);
      return path === TRANSPORT ? isForeign(value) : path.startsWith('proxmox.') && !paths.has(path);
    }) ||
    files.some(({ values }) => {
      const { proxmox } = values;
      if (!isTree(proxmox)) return false;
      return isForeign(transportIn(values)) || Object.keys(proxmox).some((name) => !paths.has(`proxmox.${name}`));
    })
  );
}
