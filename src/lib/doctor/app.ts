import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isZebuError, type ErrorCode } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { readCompose, type ComposeFacts } from '../init/compose.js';
import { contextWarnings, repositorySteps } from '../init/surroundings.js';
import { chooseRef, type Chosen } from '../repository/choose.js';
import { LocalGit } from '../repository/git.js';
import { fail, ok, warn, type Check, type Finding } from './check.js';

const run = promisify(execFile);
const DOCKER_MS = 10_000;

/** What the Compose files of this folder say. @throws CONFIG_INVALID naming file and line; COMPOSE_INVALID */
export async function composeFacts({ config, root }: Pick<Context, 'config' | 'root'>): Promise<ComposeFacts> {
  const files = config.app.compose.map(async (name) => ({ name, text: await readFile(join(root, name), 'utf8') }));
  return readCompose(await Promise.all(files));
}

/** What Docker's own Compose says against them, where it is installed here; values are not needed for that. */
async function refusedByCompose({ config, root, signal }: Context): Promise<string | undefined> {
  const options = { cwd: root, signal, timeout: DOCKER_MS };
  const there = await run('docker', ['compose', 'version'], options).catch(() => undefined);
  if (there === undefined) return undefined;
  const files = config.app.compose.flatMap((file) => ['--file', file]);
  return run('docker', ['compose', ...files, 'config', '--quiet', '--no-interpolate'], options).then(
    () => undefined,
    (error: { stderr?: string; message: string }) => error.stderr?.trim().split('\n').at(-1) || error.message,
  );
}

async function compose(context: Context): Promise<Finding> {
  const { config, root } = context;
  let facts: ComposeFacts;
  try {
    facts = await composeFacts(context);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    return warn(
      `there is no ${config.app.compose.find((name) => join(root, name) === path) ?? path ?? 'Compose file'}`,
      'app.compose names the Compose files, relative to zebu.yml.',
    );
  }
  const refused = await refusedByCompose(context);
  if (refused !== undefined)
    return fail('COMPOSE_INVALID', `${config.app.compose.join(', ')}: ${refused}`, 'See docker compose config here.');
  const outside = await contextWarnings(root, facts.services);
  if (outside.length > 0)
    return warn(outside.join('; '), 'A build that needs more than the repository fails in the VM.');
  const names = facts.services.map(({ name }) => name);
  return names.length === 0
    ? fail('COMPOSE_INVALID', `${config.app.compose.join(', ')}: no service`, 'A deploy starts the services they name.')
    : ok(`${config.app.compose.join(', ')}: ${names.join(', ')}`);
}

const shown = ({ target, why }: Chosen): string => `${target.ref} (${target.commit.slice(0, 7)}), ${why}`;

/** Nothing that could be deployed yet, which a VM can be made without. */
const NOTHING_YET: ReadonlySet<string> = new Set<ErrorCode>(['GIT_MISSING', 'REF_UNKNOWN']);

async function repository({ config, root, signal }: Context): Promise<Finding> {
  let chosen: Chosen;
  try {
    chosen = await chooseRef(new LocalGit(root, signal), undefined);
  } catch (error) {
    if (!isZebuError(error) || !NOTHING_YET.has(error.code)) throw error;
    return warn(error.message, error.hint ?? '');
  }
  const [first, ...others] = await repositorySteps(root, config.app.compose);
  return first === undefined ? ok(shown(chosen)) : warn(shown(chosen), [first, ...others].join('. '));
}

/** What of the app can be seen from this machine. */
export const appChecks = (context: Context): readonly Check[] => [
  { id: 'repository', needs: ['git'], run: (signal) => repository({ ...context, signal }) },
  { id: 'compose', needs: [], run: (signal) => compose({ ...context, signal }) },
];
