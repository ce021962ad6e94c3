import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { CONFIG_FILE, loadConfig, type LoadRequest } from '../config/load.js';
import { configJsonSchema } from '../config/json-schema.js';
import type { ChosenTransport } from './transport.js';
import { detect, type Found } from './detect.js';
import { missingIgnores, orElse, renderConfig, SCHEMA_FILE, shortList, type Answers } from './render.js';
import type { Asker } from '../ui/ask.js';
import { importSteps, type ImportedStack } from './running/index.js';
import { findSecrets, type DotenvFound } from './secrets.js';
import { isInstalled, repositorySteps, warnings } from './surroundings.js';
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
    readonly url: string | undefined;
  };
  readonly transport: ChosenTransport;
  /** What plugins have in zebu.yml. */
  readonly installed?: LoadRequest['installed'];
  /** Finds the stack that runs already; undefined when the app is a new one. */
  readonly running?: (() => Promise<ImportedStack>) | undefined;
  /** undefined: where there is a Taskfile, or the program for it. */
  readonly taskfile: boolean | undefined;
  readonly force: boolean;
  readonly questions: Asker<'app' | 'host'>;
  readonly warn: (line: string) => void;
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
  { given, questions, folder, transport }: InitRequest,
  { detected, facts, dotenv, example, composeBelow }: Found,
  imported: ImportedStack | undefined,
): Promise<Answers> {
  const running = imported?.compose ?? [];
  const compose = given.compose ?? (running.length > 0 ? running : detected.composeFiles);
  if (compose.length === 0) {
    throw new ZebuError('CONFIG_INVALID', `There is no Compose file in ${folder}`, {
      hint:
        composeBelow.length === 0
          ? 'Start zebu init in the folder that has one, or name it with --compose.'
          : `Start zebu init in the folder of the one that is meant, or name it with --compose: ${shortList(composeBelow)}.`,
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
      message: `Address of the Proxmox host${orElse(transport)} (empty: later)`,
      initial: detected.hosts[0] ?? '',
      unanswered: { code: 'USAGE', message: 'Which Proxmox host is meant is not known' },
    });
  }
  return {
    app,
    compose,
    transport,
    host: host || undefined,
    url: given.url,
    secrets: findSecrets(facts, { dotenv, example, running: imported !== undefined }),
    imported,
  };
}

async function taskfile(folder: string, detected: Detected, force: boolean): Promise<Written> {
  // An existing Taskfile is not changed: its owner includes ours from it.
  const path = detected.hasTaskfile ? 'Taskfile.proxmox.yml' : 'Taskfile.yml';
  const existed = (await textOf(join(folder, path))) !== undefined;
  if (existed && !force) throw isThere(path);
  return { path, text: renderTaskfile(detected.hasTaskfile ? '' : 'proxmox:'), existed };
}

const isThere = (path: string): ZebuError =>
  new ZebuError('USAGE', `${path} is there already`, { hint: 'Give --force to write a new one over it.' });

/** Refuses what zebu would refuse later, before anything is written. */
async function check(text: string, installed: LoadRequest['installed']): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'zebu-init-'));
  try {
    await writeFile(join(scratch, CONFIG_FILE), text);
    await loadConfig({ cwd: scratch, env: {}, settings: [], installed, warn: () => {} });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Unless it was said: where somebody works with task already, and none of ours is there. */
async function wantsTaskfile({ taskfile: asked, folder, env }: InitRequest, detected: Detected): Promise<boolean> {
  if (asked !== undefined) return asked;
  if (existsSync(join(folder, 'Taskfile.proxmox.yml'))) return false;
  return detected.hasTaskfile || isInstalled('task', env('PATH') ?? '');
}

/** Lines that .gitignore needs, as the file it becomes. */
async function ignoreFile(folder: string): Promise<readonly Written[]> {
  const ignores = (await textOf(join(folder, '.gitignore'))) ?? '';
  const missing = missingIgnores(ignores);
  if (missing.length === 0) return [];
  const start = ignores === '' || ignores.endsWith('\n') ? ignores : `${ignores}\n`;
  return [{ path: '.gitignore', text: `${start}${missing.join('\n')}\n`, existed: ignores !== '' }];
}

/**
 * Writes zebu.yml and what belongs to it.
 * @throws USAGE when a file is there and `force` is not given, CONFIG_INVALID for answers that make no configuration
 */
export async function initProject(request: InitRequest): Promise<Initialized> {
  const { folder, env, force, given } = request;
  const configExisted = (await textOf(join(folder, CONFIG_FILE))) !== undefined;
  if (configExisted && !force && request.taskfile !== true) throw isThere(CONFIG_FILE);
  const found = await detect(folder, env, given.compose, request.transport);
  const { detected } = found;
  const files: Written[] = [];
  let answers: Answers | undefined;
  let imported: ImportedStack | undefined;
  // With a configuration in place, --taskfile adds the one file and leaves the rest alone.
  if (!configExisted || force) {
    imported = await request.running?.();
    answers = await answer(request, found, imported);
    const text = renderConfig(answers, found);
    await check(text, request.installed);
    const { declared = [] } = (await request.installed?.()) ?? {};
    files.push(
      { path: CONFIG_FILE, text, existed: configExisted },
      { path: SCHEMA_FILE, text: `${JSON.stringify(configJsonSchema(declared), null, 2)}\n`, existed: false },
      ...(await ignoreFile(folder)),
    );
  }
  if (await wantsTaskfile(request, detected)) files.push(await taskfile(folder, detected, force));
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  for (const line of await warnings(folder, found.facts.services, found.dotenv)) request.warn(line);
  for (const each of detected.unmasked) request.warn(`In .env there are values ${each}`);
  const included = files.some(({ path }) => path === 'Taskfile.proxmox.yml');
  return {
    files: files.map(({ path, existed }) => ({ path, existed })),
    detected,
    imported: imported?.stack ?? null,
    next: [
      ...(included ? ['Add to your Taskfile: includes: { proxmox: ./Taskfile.proxmox.yml }'] : []),
      ...(answers === undefined ? [] : await nextSteps(folder, answers, found.dotenv)),
    ],
  };
}

/** What is left to do until the app runs, in order. */
async function nextSteps(
  folder: string,
  { compose, host, secrets, imported }: Answers,
  { committed }: DotenvFound,
): Promise<readonly string[]> {
  const absent = compose.filter((name) => !existsSync(join(folder, name)));
  const wanted = secrets.flatMap(({ name, wanted: isWanted }) => (isWanted ? [name] : []));
  return [
    ...(host === undefined ? ['Set proxmox.host in zebu.yml'] : []),
    ...(imported === undefined ? [] : importSteps(imported, absent)),
    ...(wanted.length > 0
      ? [
          committed
            ? `Set variables of the environment, as .env is part of the commit: ${wanted.join(', ')}`
            : `Put values into .env: ${wanted.join(', ')}`,
        ]
      : []),
    ...(await repositorySteps(
      folder,
      compose.filter((name) => !absent.includes(name)),
    )),
    'zebu up',
  ];
}
