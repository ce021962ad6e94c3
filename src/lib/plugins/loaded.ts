import type { Config as OclifConfig } from '@oclif/core';
import type { LoadedPlugin } from './results.js';

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
