import { Sensitive, ZebuError, type SecretSource } from '@zebu/kit';
import type { Context } from '../context.js';
import { findSecretSource } from '../providers/registry.js';
import { dotenvLine } from './dotenv-line.js';

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

async function openSources(context: Context): Promise<readonly SecretSource[]> {
  const { io, signal, env, root, config } = context;
  return Promise.all(
    config.secret_sources.map(async (settings) => {
      if (settings.use === 'env') return environmentSource(context);
      const descriptor = await findSecretSource(context.oclif, settings.use, io);
      return (await descriptor.load()).open({ io, signal, env, root, settings });
    }),
  );
}

export interface CollectedSecrets {
  /** Declared names that some source has. */
  readonly values: ReadonlyMap<string, Sensitive>;
  /** Where each came from, for messages. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Values of the declared names, first source first. Each is masked in all output from here on. */
export async function collectSecrets(context: Context): Promise<CollectedSecrets> {
  const names = Object.keys(context.config.secrets);
  const values = new Map<string, Sensitive>();
  const origins = new Map<string, string>();
  if (names.length === 0) return { values, origins };
  for (const source of await openSources(context)) {
    for (const [name, value] of await source.read(names.filter((each) => !values.has(each)))) {
      if (value.reveal() === '' || !names.includes(name)) continue;
      if (value.reveal().includes('\0')) {
        throw new ZebuError(
          'CONFIG_INVALID',
          `${source.where}: the value of ${name} contains NUL, which no environment can hold`,
        );
      }
      context.io.redactor.add(value.reveal());
      values.set(name, value);
      origins.set(name, source.where);
    }
  }
  return { values, origins };
}

/** @param inVm names that have a value in the VM already. @throws SECRET_MISSING naming all at once */
export function checkRequired(context: Context, collected: CollectedSecrets, inVm: readonly string[]): void {
  const missing = Object.entries(context.config.secrets)
    .filter(([name, { required }]) => required && !collected.values.has(name) && !inVm.includes(name))
    .map(([name]) => name);
  if (missing.length === 0) return;
  const sources = context.config.secret_sources.map(({ use }) => use).join(', ');
  throw new ZebuError('SECRET_MISSING', `No value for ${missing.join(', ')}`, {
    hint: `Looked in: ${sources}. Put them into .env, or set variables of these names.`,
    details: { missing },
  });
}

/** The lines the VM stores; delivered over standard input only. */
export function secretLines(collected: CollectedSecrets): string {
  return [...collected.values].map(([name, value]) => `${dotenvLine(name, value.reveal())}\n`).join('');
}
