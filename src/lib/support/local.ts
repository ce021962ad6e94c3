import { readFile } from 'node:fs/promises';
import { arch, release, type, version } from 'node:os';
import type { Config as OclifConfig } from '@oclif/core';
import { API_VERSION } from '@zebu/kit';
import { providerList } from '../providers/list.js';
import { table } from '../ui/table.js';

async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? version();
}

/** What runs here. */
export async function versionsText(
  config: Pick<OclifConfig, 'version'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const set = Object.keys(env).filter(
    (name) => /^(ZEBU_\w+|CI|GITHUB_ACTIONS|NO_COLOR)$/.test(name) && env[name] !== '',
  );
  return [
    `zebu ${config.version}, contract version ${API_VERSION}`,
    `Node ${process.versions.node}`,
    `${type()} ${release()} ${arch()}, ${await distribution()}`,
    `variables that are set: ${set.toSorted().join(', ') || 'none'}`,
  ].join('\n');
}

/** Plugins with where they came from and the contract they were made for; what they offer; which are broken. */
export async function pluginsText(config: OclifConfig): Promise<string> {
  const { providers, hooks, problems } = await providerList(config);
  const plugins = [...config.plugins.values()]
    .filter(({ name }) => name !== config.name)
    .map(({ name, version: own, type: kind, pjson }) => {
      const { contract } = (pjson as { zebu?: { contract?: string | number } }).zebu ?? {};
      const from = kind === 'user' ? 'installed' : kind === 'link' ? 'linked' : 'zebu';
      return [name, own, from, contract === undefined ? '-' : String(contract)];
    })
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return [
    ...table(['PLUGIN', 'VERSION', 'FROM', 'CONTRACT'], plugins),
    '',
    ...table(
      ['KIND', 'ID', 'PLUGIN'],
      providers.map(({ kind, id, plugin }) => [kind, id, plugin]),
    ),
    ...hooks.map(({ event, plugin }) => `hook  ${event}  ${plugin}`),
    ...problems.map(({ plugin, reason }) => `problem  ${plugin}: ${reason}`),
  ].join('\n');
}
