import { describeOrigin, isTree } from './layers.js';
import type { LoadedConfig } from './load.js';
import type { ShownConfig } from './results.js';

function at(tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, name) => (isTree(node) ? node[name] : undefined), tree);
}

/** Secrets are not part of the configuration, so nothing of it needs hiding. */
export function showConfig(loaded: LoadedConfig): ShownConfig {
  return {
    file: loaded.file,
    environment: loaded.overlay ?? null,
    values: loaded.keys.map(({ path }) => ({
      key: path,
      value: at(loaded.config, path) ?? null,
      origin: describeOrigin(loaded.origin(path)),
    })),
  };
}
