import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { CONFIG_FILE, loadConfig } from '../config/load.js';
import { configJsonSchema } from '../config/json-schema.js';
import { detect } from './detect.js';
import { missingIgnores, renderConfig, SCHEMA_FILE, type Answers } from './render.js';
import type { Asker } from '../ui/ask.js';
import { importSteps, type ImportedStack } from './running/index.js';
import { renderTaskfile } from './taskfile.js';
import type { Detected, Initialized } from './results.js';

export interface InitRequest {
  readonly folder: string;
  readonly env: (name: string) => string | undefined;
  /** Answers given beforehand. */
  readonly given: {
    readonly app: string | undefined;
    readonly compose: readonly string[] | undefined;
    readonly host: string | undefined;
    readonly transport: string | undefined;
    readonly url: string | undefined;
  };
  /** Finds the stack that runs already; undefined when the app is a new one. */
  readonly running?: (() => Promise<ImportedStack>) | undefined;
  readonly taskfile: boolean;
  readonly force: boolean;
  readonly questions: Asker<'app' | 'host'>;
}

interface Written {
  readonly path: string;
  readonly text: string;
  readonly existed: boolean;
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Only what cannot be seen is asked; without anybody to ask, what is not known stays a comment in the file. */
async function answer(
  { given, questions, folder }: InitRequest,
  detected: Detected,
  imported: ImportedStack | undefined,
): Promise<Answers> {
  const running = imported?.compose ?? [];
  const compose = given.compose ?? (running.length > 0 ? running : detected.composeFiles);
  if (compose.length === 0) {
    throw new ZebuError('CONFIG_INVALID', `There is no Compose file in ${folder}`, {
      hint: 'Start zebu init in the folder that has one, or name it with --compose.',
    });
  }
  const project = imported?.stack.project;
  if (project !== undefined && given.app !== undefined && given.app !== project) {
    throw new ZebuError('USAGE', `The stack is called ${project}, so the app cannot be called ${given.app}`, {
      hint: 'Its volumes are called after it: leave out --app (ZEBU_APP_NAME).',
    });
  }
  const nameless = { code: 'CONFIG_INVALID', message: `No name of an app can be made of ${folder}` } as const;
  const known = project ?? given.app ?? detected.app;
  const app = known ?? (await questions.ask('app', { message: 'Name of the app', unanswered: nameless }));
  if (app === '') throw new ZebuError(nameless.code, nameless.message, { hint: 'Give it with --app.' });
  let host = given.host ?? (detected.hosts.length === 1 ? detected.hosts[0] : undefined);
  if (host === undefined && questions.possible) {
    host = await questions.ask('host', {
      message: 'Address of the Proxmox host, or its name in ~/.ssh/config (empty: later)',
      initial: detected.hosts[0] ?? '',
      unanswered: { code: 'USAGE', message: 'Which Proxmox host is meant is not known' },
    });
  }
  return {
    app,
    compose,
    transport: given.transport ?? (detected.hasToken ? 'api' : 'ssh'),
    host: host || undefined,
    url: given.url,
    secrets: detected.secrets,
    imported,
  };
}

async function taskfile(folder: string, detected: Detected, force: boolean): Promise<Written> {
  // A Taskfile that is there is its owner's; ours is included from it.
  const path = detected.hasTaskfile ? 'Taskfile.proxmox.yml' : 'Taskfile.yml';
  const existed = (await textOf(join(folder, path))) !== undefined;
  if (existed && !force) throw isThere(path);
  return { path, text: renderTaskfile(detected.hasTaskfile ? '' : 'proxmox:'), existed };
}

const isThere = (path: string): ZebuError =>
  new ZebuError('USAGE', `${path} is there already`, { hint: 'Give --force to write a new one over it.' });

/** Refuses what zebu would refuse later, before anything is written. */
async function check(text: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'zebu-init-'));
  try {
    await writeFile(join(scratch, CONFIG_FILE), text);
    await loadConfig({ cwd: scratch, env: {}, settings: [], warn: () => {} });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Writes zebu.yml and what belongs to it.
 * @throws USAGE when a file is there and `force` is not given, CONFIG_INVALID for answers that make no configuration
 */
export async function initProject(request: InitRequest): Promise<Initialized> {
  const { folder, env, force } = request;
  const detected = await detect(folder, env);
  const configExisted = (await textOf(join(folder, CONFIG_FILE))) !== undefined;
  if (configExisted && !force && !request.taskfile) throw isThere(CONFIG_FILE);
  const files: Written[] = [];
  let host: string | undefined;
  let imported: ImportedStack | undefined;
  let absent: readonly string[] = [];
  // With a configuration in place, --taskfile adds the one file and leaves the rest alone.
  if (!configExisted || force) {
    imported = await request.running?.();
    const answers = await answer(request, detected, imported);
    host = answers.host;
    const text = renderConfig(answers, detected);
    await check(text);
    absent = answers.compose.filter((name) => !existsSync(join(folder, name)));
    const ignores = (await textOf(join(folder, '.gitignore'))) ?? '';
    const missing = missingIgnores(ignores);
    files.push(
      { path: CONFIG_FILE, text, existed: configExisted },
      { path: SCHEMA_FILE, text: `${JSON.stringify(configJsonSchema(), null, 2)}\n`, existed: false },
    );
    if (missing.length > 0) {
      const start = ignores === '' || ignores.endsWith('\n') ? ignores : `${ignores}\n`;
      files.push({ path: '.gitignore', text: `${start}${missing.join('\n')}\n`, existed: ignores !== '' });
    }
  }
  if (request.taskfile) files.push(await taskfile(folder, detected, force));
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const included = files.some(({ path }) => path === 'Taskfile.proxmox.yml');
  return {
    files: files.map(({ path, existed }) => ({ path, existed })),
    detected,
    imported: imported?.stack ?? null,
    next: [
      ...(configExisted && !force ? [] : host === undefined ? ['Set proxmox.host in zebu.yml'] : []),
      ...(included ? ['Add to your Taskfile: includes: { proxmox: ./Taskfile.proxmox.yml }'] : []),
      ...(imported === undefined ? [] : importSteps(imported, absent)),
      ...(detected.secrets.length > 0 ? [`Put values into .env: ${detected.secrets.join(', ')}`] : []),
      ...detected.unmasked.map((each) => `Know that in .env there are values ${each}`),
      'zebu vm:create --dry-run',
    ],
  };
}
