/** The transports that come with zebu, in the order of its package.json: whoever bundles or runs the sources puts in what they declare. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { TransportDeclaration, TransportHookResult } from '@zebu/kit';

const HOOK = 'zebu:transports';

/** The module that is replaced. */
export const BUILT_TRANSPORTS = /src[\\/]lib[\\/]config[\\/]built-transports\.ts$/;

interface Manifest {
  readonly oclif: { readonly plugins?: readonly string[]; readonly hooks?: Readonly<Record<string, string>> };
}

const manifest = (folder: string): Manifest => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest;

/** Hook files of the plugins that have one. @param root folder of the repository, ending in a slash */
export function transportHooks(root: string): readonly string[] {
  return (manifest(root).oclif.plugins ?? []).flatMap((plugin) => {
    const folder = `${root}node_modules/${plugin}`;
    const hook = manifest(folder).oclif.hooks?.[HOOK];
    return hook === undefined ? [] : [`${folder}/${hook}`];
  });
}

/** What the compiled plugins declare, as plain data: what is a function stays with the plugin. */
export async function ownTransports(root: string): Promise<readonly TransportDeclaration[]> {
  const answers = await Promise.all(
    transportHooks(root).map(async (file) => {
      const { default: hook } = (await import(pathToFileURL(file).href)) as {
        default: () => Promise<TransportHookResult>;
      };
      return hook();
    }),
  );
  return answers.flat().map(({ id, keys, host, port }) => ({
    id,
    ...(keys === undefined ? {} : { keys }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  }));
}
