import { randomBytes } from 'node:crypto';
import { sh, ZebuError } from '@zebu/kit';
import type { PseudoTerminal, SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { capture, handOver, ownTerminal } from '../ui/hand-over.js';
import { brokenLink } from '../app-folder/current-link.js';
import { BROKEN_STATUS, MISSING_STATUS } from '../app-folder/statuses.js';
import { appLayout } from '../app-folder/layout.js';
import { liveCompose } from './live-compose.js';
import { checkServices, dockerSilent, notDeployed } from '../app-folder/status.js';
import type { ServiceRun } from './results.js';
import OPEN_SHELL from './open-shell.sh';
import { lastLine } from '../guest/lines.js';

export interface ServiceRunOptions {
  readonly service: string;
  /** Empty: a shell, which needs a terminal. */
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly workdir: string | undefined;
  /** Never a terminal inside, even when there is one here. */
  readonly noTty: boolean;
}

export interface ExecOptions extends ServiceRunOptions {
  /** Number of the container, where the service has several; the newest that runs by default. */
  readonly index: number | undefined;
}

const SHELL = ['sh', '-c', OPEN_SHELL.trim()];

function terminalFor(context: Context, options: ServiceRunOptions): PseudoTerminal | undefined {
  const { io } = context;
  const terminal = options.noTty || !io.interactive ? undefined : ownTerminal(context.env('TERM'));
  if (options.command.length === 0 && terminal === undefined) {
    throw new ZebuError('USAGE', 'A shell needs a terminal, and there is none', {
      hint: `Say what to run: -- COMMAND`,
    });
  }
  return terminal;
}

/** Runs a line with this process's streams, or collected under `--json`. */
async function carry(
  context: Context,
  session: SshSession,
  line: string,
  pty: PseudoTerminal | undefined,
): Promise<Pick<ServiceRun, 'exit' | 'stderr' | 'stdout'>> {
  const remote = await session.stream({ line }, { signal: context.signal, pty });
  if (context.io.json) {
    const { code, stdout, stderr } = await capture(remote);
    return { exit: code ?? 255, stdout, stderr };
  }
  return { exit: (await handOver(remote, pty !== undefined, context.io)) ?? 255, stdout: '', stderr: '' };
}

interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly number: number;
  readonly state: string;
}

function candidatesScript(project: string): string {
  return sh`exec docker ps -a --no-trunc --filter ${`label=com.docker.compose.project=${project}`} --filter label=com.docker.compose.oneoff=False --format '{{.ID}}|{{.Names}}|{{.Label "com.docker.compose.service"}}|{{.Label "com.docker.compose.container-number"}}|{{.State}}'`;
}

export function parseCandidates(stdout: string): readonly Candidate[] {
  return stdout.split('\n').flatMap((line) => {
    const [id, name, service, number, state] = line.split('|');
    if (id === undefined || name === undefined || service === undefined || state === undefined) return [];
    return [{ id, name, service, number: Number(number), state }];
  });
}

/** @throws SERVICE_UNKNOWN, SERVICE_NOT_RUNNING */
export function chooseContainer(
  candidates: readonly Candidate[],
  service: string,
  index: number | undefined,
): Candidate {
  checkServices([service], candidates);
  const own = candidates.filter((each) => each.service === service);
  const running = own.filter(({ state }) => state === 'running').toSorted((a, b) => b.number - a.number);
  const chosen = index === undefined ? running[0] : running.find(({ number }) => number === index);
  if (chosen !== undefined) return chosen;
  if (running.length > 0) {
    throw new ZebuError('SERVICE_NOT_RUNNING', `No container ${index ?? ''} of ${service} is running`, {
      hint: `Running: ${running.map(({ number }) => number).join(', ')}.`,
    });
  }
  throw new ZebuError('SERVICE_NOT_RUNNING', `${service} is not running (${own[0]?.state ?? 'no container'})`, {
    hint: `Start it: zebu app:start ${service}; or run the command in a container of its own: zebu app:run ${service} -- …`,
  });
}

/** Runs a command in a running container. @throws APP_MISSING, SERVICE_UNKNOWN, SERVICE_NOT_RUNNING, USAGE */
export async function execInService(context: Context, options: ExecOptions): Promise<ServiceRun> {
  const pty = terminalFor(context, options);
  const { session } = await openGuest(context);
  const project = context.config.app.name;
  const { code, stdout, stderr } = await session.exec(
    { line: candidatesScript(project) },
    { signal: context.signal, timeoutMs: 60_000 },
  );
  if (code !== 0) throw dockerSilent(stderr);
  const candidates = parseCandidates(stdout);
  if (candidates.length === 0) throw notDeployed(project);
  const { id, name } = chooseContainer(candidates, options.service, options.index);
  const words = [
    ...(pty === undefined ? ['-i'] : ['-i', '-t']),
    ...(options.user === undefined ? [] : ['--user', options.user]),
    ...(options.workdir === undefined ? [] : ['--workdir', options.workdir]),
    id,
    ...(options.command.length === 0 ? SHELL : options.command),
  ];
  return {
    service: options.service,
    container: name,
    ...(await carry(context, session, sh`exec docker exec ${words}`, pty)),
  };
}

/**
 * Runs a command in a container of its own: image, environment, secrets, volumes and networks of the live release,
 * no published ports, and gone afterwards. What the service depends on is not started.
 * @throws APP_MISSING, SERVICE_UNKNOWN, USAGE
 */
export async function runOneOff(context: Context, options: ServiceRunOptions): Promise<ServiceRun> {
  const pty = terminalFor(context, options);
  const { session } = await openGuest(context);
  const project = context.config.app.name;
  const { base } = appLayout(project);
  const listed = await session.exec(
    { line: liveCompose(base) + sh`compose --profile '*' config --services` },
    { signal: context.signal, timeoutMs: 120_000 },
  );
  if (listed.code === MISSING_STATUS) throw notDeployed(project);
  if (listed.code === BROKEN_STATUS) throw brokenLink(project);
  if (listed.code !== 0)
    throw new ZebuError(
      'COMPOSE_INVALID',
      `The live release's Compose files cannot be read: ${lastLine(listed.stderr)}`,
    );
  checkServices(
    [options.service],
    listed.stdout
      .split('\n')
      .filter((name) => name !== '')
      .map((service) => ({ service })),
  );
  const container = `${project}-${options.service}-run-${randomBytes(4).toString('hex')}`;
  const words = [
    ...['run', '--rm', '--no-deps', '--name', container],
    ...(pty === undefined ? ['-T'] : []),
    ...(options.user === undefined ? [] : ['--user', options.user]),
    ...(options.workdir === undefined ? [] : ['--workdir', options.workdir]),
    options.service,
    ...(options.command.length === 0 ? SHELL : options.command),
  ];
  try {
    const line = liveCompose(base) + sh`compose --progress quiet ${words}`;
    return { service: options.service, container, ...(await carry(context, session, line, pty)) };
  } catch (error) {
    // Interrupted: nobody in the VM would end it for us.
    if (context.signal.aborted)
      await session
        .exec({ line: sh`docker rm -f ${container} >/dev/null 2>&1` }, { timeoutMs: 30_000 })
        .catch(() => {});
    throw error;
  }
}
