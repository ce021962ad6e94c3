import type { Config as OclifConfig } from '@oclif/core';

export interface LoadedPlugin {
  readonly name: string;
  readonly version: string;
  /** `zebu` for what comes with it. */
  readonly from: 'installed' | 'linked' | 'zebu';
  /** Its folder. */
  readonly root: string;
  readonly commands: readonly string[];
  readonly hooks: readonly string[];
  /** As its package.json asks for them. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The plugins of this run, by name; zebu itself is none. */
export function loadedPlugins(config: Pick<OclifConfig, 'name' | 'plugins'>): readonly LoadedPlugin[] {
  return [...config.plugins.values()]
    .filter(({ name }) => name !== config.name)
    .map(({ name, version, type, root, commandIDs, hooks, pjson }): LoadedPlugin => ({
      name,
      version,
      from: type === 'user' ? 'installed' : type === 'link' ? 'linked' : 'zebu',
      root,
      commands: commandIDs.toSorted(),
      hooks: Object.keys(hooks).toSorted(),
      dependencies: { ...(pjson.dependencies ?? {}) },
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
