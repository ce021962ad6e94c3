import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isPlaceholder, Sensitive } from '@zebu/kit';
import { isTracked } from '../secrets/env-files.js';
import { maskingLimits } from '../secrets/unmasked.js';
import { readCompose, type ComposeFacts } from './compose.js';
import type { Detected } from './results.js';
import { dotenvValues, findSecrets, type DotenvFound } from './secrets.js';
import { composeFilesBelow } from './surroundings.js';

const BASES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const PRODUCTION = /^(docker-)?compose\.(prod|production)\.ya?ml$/;
const EXAMPLES = ['.env.example', '.env.sample', '.env.dist', '.env.template'];
/** The name of a folder as an app's name. */
export function appName(folder: string): string | undefined {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|(?<!-)-+$/g, '')
    .slice(0, 63);
  return name === '' ? undefined : name;
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** What is there, for zebu.yml and for what is said beside it. */
export interface Found {
  readonly detected: Detected;
  readonly facts: ComposeFacts;
  readonly dotenv: DotenvFound;
  readonly example: string;
  /** Compose files that are here or further down, whoever asked for them. */
  readonly composeBelow: readonly string[];
}

/**
 * @param compose the files that were named; else those that are here
 * @param way how Proxmox will be reached: which hosts it knows, and whether the environment has what it logs in with
 * @throws CONFIG_INVALID for a Compose file that is no YAML
 */
export async function detect(
  folder: string,
  env: (name: string) => string | undefined,
  compose: readonly string[] | undefined,
  way: { readonly hosts: readonly string[]; readonly hasLogin: boolean },
): Promise<Found> {
  const entries = await readdir(folder);
  const base = BASES.find((name) => entries.includes(name));
  const here = base === undefined ? [] : [base, ...entries.filter((name) => PRODUCTION.test(name)).toSorted()];
  const files: { name: string; text: string }[] = [];
  for (const name of compose ?? here) {
    const text = await textOf(join(folder, name));
    if (text !== undefined) files.push({ name, text });
  }
  const facts = readCompose(files);
  const exampleFile = EXAMPLES.find((name) => entries.includes(name));
  const example = exampleFile === undefined ? '' : ((await textOf(join(folder, exampleFile))) ?? '');
  const dotenv = { text: (await textOf(join(folder, '.env'))) ?? '', committed: await isTracked(join(folder, '.env')) };
  const host = env('ZEBU_PROXMOX_HOST');
  const secrets = findSecrets(facts, { dotenv, example, running: false }).map(({ name }) => name);
  const values = [...dotenvValues(dotenv.text)].filter(
    ([name, value]) => secrets.includes(name) && value.trim() !== '' && !isPlaceholder(value),
  );
  return {
    facts,
    dotenv,
    example,
    composeBelow: await composeFilesBelow(folder),
    detected: {
      app: appName(basename(folder)) ?? null,
      composeFiles: here,
      services: facts.services.map(({ name, ports, healthcheck, oneShot }) => ({ name, ports, healthcheck, oneShot })),
      envExample: exampleFile ?? null,
      secrets,
      unmasked: maskingLimits(new Map(values.map(([name, value]) => [name, new Sensitive(value)]))),
      hosts: [...new Set([...(host === undefined ? [] : [host]), ...way.hosts])],
      hasToken: way.hasLogin,
      hasTaskfile: entries.some((name) => /^taskfile(\.dist)?\.ya?ml$/i.test(name)),
    },
  };
}
