import { ZebuError, type Setting } from '@zebu/kit';
import { strengthOfValue } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import type { LocalGit } from '../repository/git.js';
import type { CollectedSecrets } from '../secrets/collect.js';
import { openSources } from '../secrets/sources.js';
import { checkValue } from '../secrets/value.js';
import { looksSecret } from './likely-secret.js';
import { SETTINGS_RULE } from './sentence.js';

/** Set by zebu, or about this machine: of no use in the VM, and mostly a mistake there. */
const RESERVED =
  /^(?:ZEBU_.*|DOCKER_(?:HOST|CONTEXT|CONFIG|TLS|TLS_VERIFY|CERT_PATH)|COMPOSE_(?:FILE|PROJECT_NAME|PATH_SEPARATOR|ENV_FILES))$/;

/** Shorter values are part of other values by chance. */
const TELLING_LENGTH = 8;

/** What the sources hold; undefined where there is no file of settings here. */
async function readSettings(context: Context): Promise<ReadonlyMap<string, Setting & { where: string }> | undefined> {
  let found: Map<string, Setting & { where: string }> | undefined;
  for (const source of await openSources(context)) {
    const settings = await source.settings?.();
    if (settings === undefined) continue;
    found ??= new Map();
    for (const [name, setting] of settings) if (!found.has(name)) found.set(name, { ...setting, where: source.where });
  }
  return found;
}

/** The values that Compose files are filled with here, secrets aside: those of the commit to deploy are the same, or newer. */
export async function settingsHere(context: Context): Promise<ReadonlyMap<string, string>> {
  const found = (await readSettings(context)) ?? new Map<string, Setting>();
  return new Map([...found].flatMap(([name, { value }]) => (name in context.config.secrets ? [] : [[name, value]])));
}

/** The declared secret whose value is part of a setting; undefined for none. */
function secretWithin({ value, refersTo }: Setting, context: Context, secrets: CollectedSecrets): string | undefined {
  const referred = refersTo.find((name) => name in context.config.secrets);
  if (referred !== undefined) return referred;
  for (const [name, secret] of secrets.values) {
    const text = secret.reveal();
    // A word or a number stands in many values that have nothing to do with it: DB_USERNAME=postgres, DATA=./postgres.
    if (text.length >= TELLING_LENGTH && value.includes(text) && strengthOfValue(text) === 'anywhere') return name;
  }
  return undefined;
}

/** The name with which a line about a setting begins. */
const nameOf = (text: string): string => text.split(' ', 1)[0] ?? '';

/**
 * What `.env` holds beside secrets, for the release to have as plain settings; undefined where there is no such file, so that
 * what the live release has is kept. Names that look like secrets and that nothing in the commit asks for are not sent.
 * @throws SECRET_UNDECLARED naming all at once
 */
export async function collectSettings(
  context: Context,
  git: Pick<LocalGit, 'mentions'>,
  commit: string,
  secrets: CollectedSecrets,
): Promise<ReadonlyMap<string, string> | undefined> {
  const { config, io } = context;
  const found = await readSettings(context);
  if (found === undefined) return undefined;
  const settings = new Map<string, string>();
  const likely: string[] = [];
  const holding: string[] = [];
  const machine: string[] = [];
  let where = '.env';
  for (const [name, setting] of found) {
    if (name in config.secrets) continue;
    if (RESERVED.test(name)) {
      if (name === 'COMPOSE_FILE') io.warn('COMPOSE_FILE in .env is not used: app.compose in zebu.yml names the files');
      else if (name === 'COMPOSE_PROJECT_NAME' && setting.value !== config.app.name)
        io.warn(`COMPOSE_PROJECT_NAME in .env is not used: the project is called ${config.app.name}, as app.name says`);
      else if (name.startsWith('DOCKER_')) machine.push(name);
      continue;
    }
    const within = secretWithin(setting, context, secrets);
    if (within !== undefined) {
      where = setting.where;
      holding.push(`${name} (has the value of ${within} in it)`);
    } else if (!config.settings.includes(name) && looksSecret(name, setting.value)) {
      where = setting.where;
      likely.push(name);
    } else {
      checkValue(name, setting.value, setting.where);
      settings.set(name, setting.value);
    }
  }
  if (machine.length > 0) {
    const asked = (await git.mentions(commit, machine)).named;
    const unsent = machine.filter((name) => asked.has(name));
    if (unsent.length > 0)
      io.warn(
        `${unsent.join(', ')} in .env is about this machine and not sent; what a service needs belongs into its environment`,
      );
  }
  const suspects = [...likely, ...holding.map(nameOf)];
  if (suspects.length === 0) return settings;
  const { named, envFile } = await git.mentions(commit, suspects);
  const wanted = (text: string): boolean => envFile || named.has(nameOf(text));
  const refused = [...likely, ...holding].filter(wanted);
  if (refused.length > 0) {
    const names = refused.map(nameOf);
    const declare = names.map((name) => `${name}: {}`).join(', ');
    throw new ZebuError(
      'SECRET_UNDECLARED',
      `${refused.join(', ')} in ${where}: secrets that zebu.yml does not declare`,
      {
        hint: `${SETTINGS_RULE} Declare them (secrets: { ${declare} }), or list what everybody may see (settings: [${likely.filter(wanted).join(', ')}]).`,
        details: { names, file: where },
      },
    );
  }
  io.note(`Left at home, since nothing in the commit asks for them and they look like secrets: ${suspects.join(', ')}`);
  return settings;
}
