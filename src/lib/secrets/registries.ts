import { execFile } from 'node:child_process';
import { commandLine, Sensitive, ZebuError } from '@zebu/kit';
import { dotenvLine } from '@zebu/kit/core';
import type { RegistryLogin } from '../app-folder/registries.js';
import { readAuthority } from '../certificate/read.js';
import type { RegistryDeclaration } from '../config/registry-declaration.js';
import type { Context } from '../context/context.js';
import type { CollectedSecrets } from './collect.js';
import { checkValue } from './value.js';
import { lastLine } from '../guest/lines.js';

/** A login at the cloud may ask another service first. */
const COMMAND_MS = 60_000;

/** `ghcr.io as bot (GHCR_TOKEN)`. */
export const describeRegistry = ({ host, user, secret, command = [] }: RegistryDeclaration): string =>
  `${host} as ${user} (${secret ?? command.join(' ')})`;

/** The registries as the VM is told of them, without a token. @throws CONFIG_INVALID */
export async function registryLogins(context: Context): Promise<readonly RegistryLogin[]> {
  return Promise.all(
    context.config.registries.map(async ({ host, user, secret, ca_file: file }, index) => ({
      host,
      user,
      name: secret ?? String(index),
      authority: file === undefined ? '' : await readAuthority(context, `registries.${index}.ca_file`, file),
    })),
  );
}

function printed(context: Context, { host, command = [] }: RegistryDeclaration): Promise<string> {
  const [program = '', ...args] = command;
  const refused = (why: string): ZebuError =>
    new ZebuError('REGISTRY_REFUSED', `There is no token for ${host}: ${program} ${why}`, {
      hint: `Run it here: ${commandLine(command)}`,
      details: { host, command },
    });
  return new Promise((done, fail) => {
    const options = { cwd: context.root, timeout: COMMAND_MS, signal: context.signal };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const token = stdout.trimEnd();
      // Before anything of it can be said.
      context.io.mask(token);
      if (context.signal.aborted) fail(context.signal.reason as Error);
      else if (error === null) {
        if (token === '') fail(refused('printed nothing'));
        else done(token);
      } else if (error.killed === true) fail(refused(`did not end within ${COMMAND_MS / 1000} s`));
      else if (typeof error.code === 'number') fail(refused(`ended with ${error.code}: ${lastLine(stderr)}`));
      else fail(refused(`cannot be run (${String(error.code)})`));
    });
    child.stdin?.end();
  });
}

/** The token for a registry as this machine has it; undefined where it has none. @throws REGISTRY_REFUSED */
export async function tokenHere(
  context: Context,
  registry: RegistryDeclaration,
  values: CollectedSecrets['values'],
): Promise<Sensitive | undefined> {
  if (registry.command !== undefined) return new Sensitive(await printed(context, registry));
  return registry.secret === undefined ? undefined : values.get(registry.secret);
}

/** Has the commands print their tokens: lines as in a version file, by the names of `registryLogins`. @throws REGISTRY_REFUSED */
export async function printedTokens(context: Context): Promise<string> {
  const lines = await Promise.all(
    context.config.registries.map(async (registry, index) => {
      if (registry.command === undefined) return '';
      const token = await printed(context, registry);
      checkValue(`the token for ${registry.host}`, token, registry.command.join(' '));
      return `${dotenvLine(String(index), token)}\n`;
    }),
  );
  return lines.join('');
}
