import { Sensitive, ZebuError, type SecretSource } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openWith } from '../providers/registry.js';
import { sourceEntries } from './env-files.js';

/** The environment of the command itself; built in, since every CI has one. */
function environmentSource(context: Context): SecretSource {
  return {
    id: 'env',
    where: 'the environment',
    read: async (names) =>
      new Map(
        names.flatMap((name) => {
          const value = context.env(name);
          return value === undefined ? [] : [[name, new Sensitive(value)] as const];
        }),
      ),
  };
}

/** With the settings of its `secret_sources` entry, or with its defaults. @throws PROVIDER_UNKNOWN, CONFIG_INVALID */
export async function openSource(context: Context, id: string): Promise<SecretSource> {
  const { io, signal, env, root, config } = context;
  if (id === 'env') return environmentSource(context);
  const settings = config.secret_sources.find(({ use }) => use === id) ?? { use: id };
  return openWith(context.oclif, id, { io, signal, env, root, settings });
}

/** All configured ones in their order; an entry of its own each, as `dotenv` may be there for two files. */
export async function openSources(context: Context): Promise<readonly SecretSource[]> {
  const { io, signal, env, root } = context;
  return Promise.all(
    (await sourceEntries(context)).map(async (settings) => {
      if (settings.use === 'env') return environmentSource(context);
      return openWith(context.oclif, settings.use, { io, signal, env, root, settings });
    }),
  );
}

/** @throws USAGE for a source that cannot be written to */
export function writable(source: SecretSource): Required<Pick<SecretSource, 'write'>> & SecretSource {
  if (source.write === undefined) {
    throw new ZebuError('USAGE', `Nothing can be written to ${source.where}`, {
      hint: 'Give --to vm, --to dotenv or --to github.',
    });
  }
  return source as Required<Pick<SecretSource, 'write'>> & SecretSource;
}
