import { variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import * as z from 'zod';
import type { SecretDeclaration } from '../config/secret-declaration.js';
import type { Context } from '../context/context.js';
import { appLayout } from '../app-folder/layout.js';
import USAGE from './usage.sh';

/** What is mounted where services look for .env, or where a link of that name leads to: see runner/env-file.sh. */
const ENV_FILE = /\/shared\/secrets\/env_file$/;

const granted = z.array(z.looseObject({ source: z.string() })).optional();
const contents = z.record(z.string(), z.looseObject({ environment: z.string().optional() })).optional();
const renderedConfig = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      secrets: granted,
      configs: granted,
      volumes: z.array(z.looseObject({ source: z.string().optional() })).optional(),
    }),
  ),
  secrets: contents,
  configs: contents,
});

/**
 * Names → services whose rendered configuration holds the marker, or that are given a Compose secret or config made from it, or a file with
 * all of them.
 * @param stdout of usage.sh
 */
export function parseUsage(stdout: string): ReadonlyMap<string, readonly string[]> {
  const at = stdout.indexOf('{');
  const inEnv = [...stdout.slice(0, at).matchAll(/^secret=(\w+)$/gm)].map((match) => match[1] ?? '');
  const { services, secrets = {}, configs = {} } = renderedConfig.parse(JSON.parse(stdout.slice(at)));
  const usage = new Map<string, Set<string>>();
  for (const [service, settings] of Object.entries(services)) {
    const given = [
      ...(settings.secrets ?? []).map(({ source }) => secrets[source]),
      ...(settings.configs ?? []).map(({ source }) => configs[source]),
    ];
    const text = [settings, ...given].map((part) => JSON.stringify(part) ?? '').join('\n');
    const mounted = given.map((each) => each?.environment ?? '');
    const marked = [...text.matchAll(/zebu-marker-(\w+?)-end/g)].map((match) => match[1] ?? '');
    const fromEnv = settings.volumes?.some(({ source = '' }) => ENV_FILE.test(source)) === true ? inEnv : [];
    for (const name of [...marked, ...mounted, ...fromEnv]) {
      if (name !== '') usage.set(name, (usage.get(name) ?? new Set()).add(service));
    }
  }
  return new Map([...usage].map(([name, users]) => [name, [...users].toSorted()]));
}

const usageScript = (base: string): string => variables({ base }) + USAGE;

/**
 * Which services of the live release use which secret: what zebu.yml says, else what Compose says. Undefined before the
 * first deploy, and when Compose cannot render the release with markers (a secret in the place of a number).
 */
export async function readUsage(
  context: Context,
  session: SshSession,
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const { name } = context.config.app;
  const { code, stdout } = await session.exec(
    { line: usageScript(appLayout(name).base) },
    { signal: context.signal, timeoutMs: 180_000 },
  );
  if (code !== 0 || !stdout.includes('{')) return undefined;
  const usage = new Map(parseUsage(stdout));
  const declared = Object.entries<SecretDeclaration>(context.config.secrets);
  for (const [secret, { services }] of declared) if (services !== undefined) usage.set(secret, services);
  return usage;
}
