import type { Schema } from '../schema-breaks.js';
import { resultFile } from '../result-schemas.js';
import type { DocumentedCommand, ManifestCommand } from './commands.js';

const MANIFESTS = ['oclif.manifest.json', 'plugins/lab/oclif.manifest.json'];

/**
 * The commands of the manifests, in the order of their ids.
 * @param read the text of a file of the repository
 */
export function documentedCommands(read: (file: string) => string): readonly DocumentedCommand[] {
  return MANIFESTS.flatMap((file) => {
    const { commands } = JSON.parse(read(file)) as { commands: Readonly<Record<string, ManifestCommand>> };
    return Object.values(commands).map((command) => {
      const published = JSON.parse(read(resultFile(command.id))) as {
        oneOf: readonly [{ readonly properties: { readonly result: Schema } }, unknown];
      };
      return { ...command, result: published.oneOf[0].properties.result };
    });
  }).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
