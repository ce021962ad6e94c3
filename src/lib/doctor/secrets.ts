import { ownSecrets } from '../config/own-secrets.js';
import type { Context } from '../context/context.js';
import type { ComposeFacts } from '../init/compose.js';
import { checkRequired, collectSecrets, type CollectedSecrets } from '../secrets/collect.js';
import { maskingLimits } from '../secrets/unmasked.js';
import { composeFacts } from './app.js';
import { failure, ok, warn, type Check, type Finding } from './check.js';

type Declared = Pick<Context['config'], 'app' | 'data' | 'notify' | 'pull' | 'registries' | 'secrets'>;

/** Declared, and nothing that is seen here asks for it. */
export function unusedSecrets(config: Declared, facts: ComposeFacts): readonly string[] {
  const used = new Set([...facts.variables.keys(), ...ownSecrets(config)]);
  return facts.wholeEnv ? [] : Object.keys(config.secrets).filter((name) => !used.has(name));
}

/** Declared, required or asked for without a default, and without a value on this machine; perhaps the VM has one. */
export function missingSecrets(
  { secrets }: Pick<Declared, 'secrets'>,
  facts: ComposeFacts,
  { values }: Pick<CollectedSecrets, 'values'>,
): readonly string[] {
  return Object.entries(secrets).flatMap(([name, { required, generate }]) => {
    const wanted = required || facts.variables.get(name)?.optional === false;
    return wanted && generate === undefined && !values.has(name) ? [name] : [];
  });
}

async function look(context: Context): Promise<Finding> {
  const collected = await collectSecrets(context);
  const names = Object.keys(context.config.secrets);
  try {
    // What a placeholder stands for has a value nowhere, whatever the VM has.
    checkRequired(context, collected, names);
  } catch (error) {
    return failure(error);
  }
  const facts = await composeFacts(context).catch(() => undefined);
  const missing = facts === undefined ? [] : missingSecrets(context.config, facts, collected);
  const unused = facts === undefined ? [] : unusedSecrets(context.config, facts);
  const limits = maskingLimits(collected.values);
  const said = [
    ...(missing.length === 0 ? [] : [`without a value here: ${missing.join(', ')}`]),
    ...(unused.length === 0 ? [] : [`no Compose file asks for: ${unused.join(', ')}`]),
    ...limits,
  ];
  if (said.length === 0) return ok(`${names.length} declared, ${collected.values.size} with a value here`);
  const remedies = [
    ...(missing.length === 0 ? [] : ['Put values into .env, unless the VM has them: zebu secrets:list.']),
    ...(unused.length === 0 ? [] : ['Remove from secrets in zebu.yml what nothing uses.']),
    ...(limits.length === 0 ? [] : ['A setting that is no secret need not be declared as one: see docs/secrets.md.']),
  ];
  return warn(said.join('; '), remedies.join(' '));
}

/** Where secrets are declared: whether they have values, something asks for them, and they can be hidden in what is written. */
export function secretChecks(context: Context): readonly Check[] {
  if (Object.keys(context.config.secrets).length === 0) return [];
  return [{ id: 'secrets', needs: ['config'], run: () => look(context) }];
}
