import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDotenv } from '@zebu/kit';
import { Redactor } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { expand } from '../config/expand.js';
import { declaredKeys } from '../config/transport-keys.js';
import { sourceEntries } from '../secrets/env-files.js';
import { collectSecrets } from '../secrets/collect.js';

/** Values too common to be secret: masking them would make the text unreadable. */
const PLAIN_WORD =
  /^(true|false|yes|no|on|off|null|none|\d{1,5}|production|development|staging|testing|test|debug|info|warn|warning|error|localhost)$/i;
const SECRET_NAME = /pass|secret|token|key|credential|auth|private|dsn|_url$/i;
/** Values that say where something is, or are fingerprints: the path of a key is no key. */
const LOCATION = /^([~.]?\/|SHA256:)/;

async function text(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** Values of a `.env`; of one that cannot be parsed whatever stands behind an equals sign. */
export function dotenvValues(content: string): readonly string[] {
  try {
    return [...parseDotenv(content).values()];
  } catch {
    return content.split('\n').flatMap((line) => {
      const cut = line.indexOf('=');
      if (cut < 1 || line.trimStart().startsWith('#')) return [];
      return [
        line
          .slice(cut + 1)
          .trim()
          .replace(/^(['"])(.*)\1$/, '$2'),
      ];
    });
  }
}

export interface KnownSecrets {
  readonly redactor: Redactor;
  /** Takes a value, unless it is a word that means nothing. */
  readonly add: (value: string | undefined) => void;
}

export function knownSecrets(): KnownSecrets {
  const redactor = new Redactor();
  return {
    redactor,
    add: (value) => {
      const trimmed = value?.trim() ?? '';
      if (trimmed !== '' && !PLAIN_WORD.test(trimmed)) redactor.add(trimmed);
    },
  };
}

/** What this machine knows without a project: variables that are named as secrets are, and the `.env` of the folder. */
export async function learnLocalSecrets(
  secrets: KnownSecrets,
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<void> {
  for (const [name, value] of Object.entries(env))
    if (SECRET_NAME.test(name) && (value ?? '').length >= 6 && !LOCATION.test(value ?? '')) secrets.add(value);
  for (const value of dotenvValues((await text(join(folder, '.env'))) ?? '')) secrets.add(value);
}

/** What the keys of transports say that credentials are in: `name=secret`, or a secret alone. */
async function transportCredentials({ config, loaded, root, env }: Context): Promise<readonly (string | undefined)[]> {
  const settings: Readonly<Record<string, unknown>> = config.proxmox;
  return Promise.all(
    declaredKeys(loaded.transports).map(async ({ name, rules: { credential } }) => {
      const place = settings[name];
      if (credential === undefined || typeof place !== 'string') return undefined;
      return credential === 'variable' ? env(place) : text(expand(place, root));
    }),
  );
}

/**
 * Values of the declared secrets, of every `.env` of the project, and what the transport logs in with.
 * @throws when a source cannot be read; what was known before stays known
 */
export async function learnProjectSecrets(secrets: KnownSecrets, context: Context): Promise<void> {
  const { root } = context;
  for (const token of await transportCredentials(context)) {
    secrets.add(token);
    secrets.add(token?.slice(token.indexOf('=') + 1));
  }
  const files = (await sourceEntries(context)).flatMap(({ file }) => (typeof file === 'string' ? [file] : []));
  for (const file of new Set(['.env', ...files]))
    for (const value of dotenvValues((await text(expand(file, root))) ?? '')) secrets.add(value);
  const { values } = await collectSecrets(context);
  for (const value of values.values()) secrets.redactor.add(value.reveal());
}
