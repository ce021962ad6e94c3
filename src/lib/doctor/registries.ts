import { variables, ZebuError } from '@zebu/kit';
import { dotenvLine } from '@zebu/kit/core';
import { toCause } from '../app-folder/causes.js';
import { registryFunctions, registryRemedy } from '../app-folder/registries.js';
import { setMasks } from '../app-folder/secrets/masks.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { collectSecrets } from '../secrets/collect.js';
import { printedTokens, registryLogins } from '../secrets/registries.js';
import { fail, ok, type Check, type Finding } from './check.js';
import REGISTRIES from './registries.sh';
import { lastLine } from '../guest/lines.js';

/** A registry that does not answer is waited for by Docker itself. */
const SECONDS_EACH = 35;

async function attempt(context: Context): Promise<Finding> {
  const { config, signal } = context;
  const logins = await registryLogins(context);
  const { values } = await collectSecrets(context);
  const ofSecrets = config.registries.flatMap(({ secret = '' }) => {
    const value = values.get(secret);
    return value === undefined ? [] : [`${dotenvLine(secret, value.reveal())}\n`];
  });
  const tokens = [...new Set(ofSecrets), await printedTokens(context)].join('');
  const { session } = await openGuest(context);
  const { code, stdout, stderr } = await session.exec(
    {
      line: [
        variables({ app: config.app.name, hosts: logins.map(({ host }) => host).join(' ') }),
        setMasks(config.app.name),
        registryFunctions(logins),
        REGISTRIES,
      ].join(''),
    },
    { signal, timeoutMs: logins.length * SECONDS_EACH * 1000, stdin: tokens },
  );
  const told = stdout.split('\n').flatMap((line) => {
    const [number = '', cause = '', ...words] = line.split('|');
    return number === '' ? [] : [{ cause: toCause(cause), words: words.join('|') }];
  });
  if (code !== 0 || told.length !== logins.length)
    throw new ZebuError('VM_NOT_READY', `The VM could not try the logins: ${lastLine(stderr)}`);
  const failed = told.filter(({ words }) => words !== '');
  if (failed.length === 0) return ok(logins.map(({ host, user }) => `${host} accepts ${user}`).join(', '));
  const remedies = new Set(failed.flatMap(({ cause }) => registryRemedy(cause) ?? []));
  return fail('REGISTRY_REFUSED', failed.map(({ words }) => words).join('; '), [...remedies].join(' '));
}

/** Where there are registries: whether the VM reaches each, trusts it, and is let in. */
export function registryChecks(context: Context): readonly Check[] {
  const count = context.config.registries.length;
  if (count === 0) return [];
  return [
    {
      id: 'registries',
      needs: ['docker'],
      seconds: 30 + count * SECONDS_EACH,
      run: (signal) => attempt({ ...context, signal }),
    },
  ];
}
