import type { Context } from '../context/context.js';
import { collectSecrets } from '../secrets/collect.js';
import { maskingLimits } from '../secrets/unmasked.js';
import { ok, warn, type Check } from './check.js';

/** Where secrets are declared: whether the values that this machine has can be hidden in what is written. */
export function secretChecks(context: Context): readonly Check[] {
  const declared = Object.keys(context.config.secrets).length;
  if (declared === 0) return [];
  return [
    {
      id: 'secrets',
      needs: ['config'],
      run: async () => {
        const { values } = await collectSecrets(context);
        const limits = maskingLimits(values);
        return limits.length === 0
          ? ok(`${declared} declared, ${values.size} with a value here`)
          : warn(limits.join('; '), 'A setting that is no secret need not be declared as one: see docs/secrets.md.');
      },
    },
  ];
}
