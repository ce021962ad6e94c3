import type { Config as OclifConfig } from '@oclif/core';
import { contractProblem } from './contract.js';
import { listProviders } from './registry.js';
import type { ProviderList } from './results.js';

interface Origin {
  readonly plugin: string;
  readonly version: string;
  /** `zebu` for what comes with it, `installed`, or `linked`. */
  readonly from: 'installed' | 'linked' | 'zebu';
}

const OPERATION_HOOK = /^zebu:(after|before)-/;

/** Everything plugins bring to zebu, and the plugins that bring nothing because something is wrong. */
export async function providerList(config: OclifConfig): Promise<ProviderList> {
  const originOf = (name: string): Origin => {
    const plugin = config.plugins.get(name);
    const from = plugin?.type === 'user' ? 'installed' : plugin?.type === 'link' ? 'linked' : 'zebu';
    return { plugin: name, version: plugin?.version ?? '', from };
  };
  const { providers, broken } = await listProviders(config);
  // Plugins are loaded concurrently, and are registered in the order in which that ends.
  const byName = <T>(entries: readonly T[], name: (entry: T) => string): T[] =>
    entries.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
  const plugins = byName([...config.plugins.values()], ({ name }) => name);
  const hooks = plugins.flatMap(({ name, hooks: all }) =>
    Object.keys(all)
      .filter((event) => OPERATION_HOOK.test(event))
      .map((event) => ({ event, ...originOf(name) })),
  );
  const misfits = plugins.flatMap(({ name, hooks: all, pjson }) => {
    const reason = contractProblem((pjson as { zebu?: { contract?: unknown } }).zebu?.contract);
    return reason !== undefined && Object.keys(all).some((event) => OPERATION_HOOK.test(event))
      ? [{ plugin: name, reason }]
      : [];
  });
  return {
    providers: [
      ...(['transport', 'secrets'] as const).flatMap((wanted) =>
        byName(
          providers.filter(({ kind }) => kind === wanted),
          ({ id, plugin }) => `${id} ${plugin}`,
        ).map(({ kind, id, plugin, summary }) => ({ kind, id, summary, ...originOf(plugin) })),
      ),
      { kind: 'secrets', id: 'env', summary: 'Variables of the environment', ...originOf(config.name) },
    ],
    hooks,
    problems: byName(
      [...broken.map(({ plugin, reason }) => ({ plugin, reason })), ...misfits],
      ({ plugin, reason }) => `${plugin} ${reason}`,
    ),
  };
}
