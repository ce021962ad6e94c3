import { isZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { collectSecrets } from '../secrets/collect.js';
import { collectSettings } from '../settings/collect.js';
import { SETTINGS_RULE } from '../settings/sentence.js';
import { ok, skip, warn, type Check, type Finding } from './check.js';

/** Which names Compose files ask for is only known for a commit: here every name counts as asked for. */
const ANY_COMMIT = {
  mentions: async (_: string, names: readonly string[]) => ({ named: new Set(names), envFile: true }),
};

async function look(context: Context): Promise<Finding> {
  try {
    const settings = await collectSettings(context, ANY_COMMIT, '', await collectSecrets(context));
    if (settings === undefined) return skip('there is no .env here; a deploy keeps the settings of the live release');
    return ok(`${[...settings.keys()].join(', ') || 'none'}. ${SETTINGS_RULE}`);
  } catch (error) {
    if (!isZebuError(error) || error.code !== 'SECRET_UNDECLARED') throw error;
    return warn(error.message, error.hint ?? '');
  }
}

/** What `.env` holds beside declared secrets. */
export const settingsCheck = (context: Context): Check => ({
  id: 'settings',
  needs: ['config'],
  run: () => look(context),
});
