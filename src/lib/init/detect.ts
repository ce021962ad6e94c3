import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { parseDotenv, Sensitive } from '@zebu/kit';
import { parse as parseYaml } from 'yaml';
import { isTree } from '../config/layers.js';
import { maskingLimits } from '../secrets/unmasked.js';
import type { Detected } from './results.js';

const BASES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const PRODUCTION = /^(docker-)?compose\.(prod|production)\.ya?ml$/;
const EXAMPLES = ['.env.example', '.env.sample', '.env.dist', '.env.template'];
const SECRET =
  /PASSWORD|PASSWD|SECRET|TOKEN|PEPPER|SALT|(^|_)(API|PRIVATE|ENCRYPTION|SIGNING|ACCESS|APP|HMAC)_?KEY|^KEY$|_KEY$|CREDENTIAL|_DSN$/;

/** The name of a folder as an app's name. */
export function appName(folder: string): string | undefined {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|(?<!-)-+$/g, '')
    .slice(0, 63);
  return name === '' ? undefined : name;
}

/** Services of Compose files, later files over earlier ones. Text that is no YAML has none: Compose will say why. */
export function readServices(texts: readonly string[]): Detected['services'] {
  const services = new Map<string, { ports: string[]; healthcheck: boolean }>();
  for (const text of texts) {
    let data: unknown;
    try {
      data = parseYaml(text, { merge: true });
    } catch {
      continue;
    }
    const found = isTree(data) && isTree(data['services']) ? data['services'] : {};
    for (const [name, service] of Object.entries(found)) {
      if (!isTree(service)) continue;
      const known = services.get(name) ?? { ports: [], healthcheck: false };
      const ports: unknown[] = Array.isArray(service['ports']) ? service['ports'] : [];
      for (const port of ports) {
        const shown = isTree(port)
          ? [port['published'], port['target']]
              .filter((part) => part !== undefined)
              .map((part) => JSON.stringify(part).replaceAll('"', ''))
              .join(':')
          : String(port);
        if (!known.ports.includes(shown)) known.ports.push(shown);
      }
      services.set(name, { ports: known.ports, healthcheck: known.healthcheck || isTree(service['healthcheck']) });
    }
  }
  return [...services].map(([name, rest]) => ({ name, ...rest }));
}

/** Names of an example file that need a value of their own in each place, by how such names are given. */
export function secretNames(example: string): readonly string[] {
  try {
    return [...parseDotenv(example).keys()].filter((name) => SECRET.test(name));
  } catch {
    return [];
  }
}

/** Host aliases of an ssh_config that are named after Proxmox. */
export function proxmoxHosts(sshConfig: string): readonly string[] {
  const hosts = [...sshConfig.matchAll(/^[ \t]*Host[ \t]+(\S.*)$/gim)].flatMap((match) =>
    (match[1] ?? '').trim().split(/\s+/),
  );
  return [...new Set(hosts.filter((host) => /pve|proxmox/i.test(host) && !/[*?!]/.test(host)))];
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** Values of the names; none of a file that cannot be read, which is said where it is used. */
function ownValues(text: string, names: readonly string[]): ReadonlyMap<string, Sensitive> {
  try {
    const values = parseDotenv(text);
    return new Map(
      [...values].flatMap(([name, value]) => (names.includes(name) ? [[name, new Sensitive(value)]] : [])),
    );
  } catch {
    return new Map();
  }
}

export async function detect(folder: string, env: (name: string) => string | undefined): Promise<Detected> {
  const entries = await readdir(folder);
  const base = BASES.find((name) => entries.includes(name));
  const composeFiles = base === undefined ? [] : [base, ...entries.filter((name) => PRODUCTION.test(name)).toSorted()];
  const texts = await Promise.all(composeFiles.map((name) => textOf(join(folder, name))));
  const example = EXAMPLES.find((name) => entries.includes(name));
  const host = env('ZEBU_PROXMOX_HOST');
  const aliases = proxmoxHosts((await textOf(join(env('HOME') ?? homedir(), '.ssh/config'))) ?? '');
  const secrets = example === undefined ? [] : secretNames((await textOf(join(folder, example))) ?? '');
  return {
    app: appName(basename(folder)) ?? null,
    composeFiles,
    services: readServices(texts.filter((text) => text !== undefined)),
    envExample: example ?? null,
    secrets,
    unmasked: maskingLimits(ownValues((await textOf(join(folder, '.env'))) ?? '', secrets)),
    hosts: [...new Set([...(host === undefined ? [] : [host]), ...aliases])],
    hasToken: env('ZEBU_PROXMOX_TOKEN') !== undefined,
    hasTaskfile: entries.some((name) => /^taskfile(\.dist)?\.ya?ml$/i.test(name)),
  };
}
