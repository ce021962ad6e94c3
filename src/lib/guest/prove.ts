import { variables, ZebuError, type Io } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import * as z from 'zod';
import PROVE from './prove.sh';
import { parseFacts } from './facts.js';
import { installScript, ORIGIN, type DockerFrom } from './install-docker.js';
import { lastLine } from './lines.js';
import { ZEBU_ROOT } from './zebu-root.js';

export interface GuestFacts {
  readonly docker: string;
  readonly compose: string;
  /** What had to be done so that these work. */
  readonly changes: readonly string[];
}

/** Prints `key=value` lines, see prove.sh. */
function proofScript(user: string): string {
  return variables({ user, root: ZEBU_ROOT }) + PROVE;
}

const reasonsSchema = z.object({
  errors: z.array(z.string()).default([]),
  recoverable_errors: z.record(z.string(), z.array(z.string())).default({}),
});

/** What cloud-init names in its status, in one line. */
function cloudInitReasons(json: string): string {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    return '';
  }
  const parsed = reasonsSchema.safeParse(data);
  if (!parsed.success) return '';
  // Proxmox itself writes user-data in a form newer cloud-inits call deprecated; nobody can act on that.
  const recoverable = Object.entries(parsed.data.recoverable_errors).flatMap(([kind, texts]) =>
    kind === 'DEPRECATED' ? [] : texts,
  );
  return [...new Set([...parsed.data.errors, ...recoverable])].join('; ');
}

/** cloud-init's own statuses: 2 is "done, but something recoverable went wrong", only 1 is a failure. */
function judgeCloudInit(facts: ReadonlyMap<string, string>, io: Io): void {
  const status = facts.get('cloudinit');
  if (status === undefined || status === '0') return;
  const detail = cloudInitReasons(facts.get('cloudinit_json') ?? '');
  if (status === '2') {
    if (detail !== '') io.warn(`cloud-init finished with recoverable errors: ${detail}`);
    return;
  }
  throw new ZebuError('VM_NOT_READY', `cloud-init failed in the VM: ${detail || `exit status ${status}`}`, {
    hint: 'Its log is /var/log/cloud-init.log in the VM: zebu vm:ssh',
  });
}

export interface ProofOptions {
  readonly user: string;
  /** Where Docker is installed from when it is missing. */
  readonly dockerFrom: DockerFrom;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onWait: (text: string) => void;
  /** A new login, with the groups the user has by now. */
  readonly reconnect: () => Promise<SshSession>;
}

/**
 * Proves Docker and Compose by running them as the deploy user, and repairs what can be: a missing installation, the
 * docker group, the folder.
 * @throws DOCKER_MISSING, VM_NOT_READY
 */
export async function proveGuest(session: SshSession, options: ProofOptions): Promise<GuestFacts> {
  const { io, signal, timeoutMs, onWait } = options;
  const changes: string[] = [];
  let judged = false;
  let current = session;
  let installed = false;
  // Each round repairs at most one thing; three are all there is to repair.
  for (let round = 0; round < 4; round++) {
    onWait('waiting for cloud-init, then asking Docker and Compose for their versions');
    const { stdout, stderr, code } = await current.exec({ line: proofScript(options.user) }, { signal, timeoutMs });
    const facts = parseFacts(stdout);
    io.debug(() => `proof: ${stdout.trim()} ${stderr.trim()}`);
    if (!judged) judgeCloudInit(facts, io);
    judged = true;
    if (facts.get('docker') === 'missing') {
      if (installed) break;
      onWait(`installing Docker and Compose from ${ORIGIN[options.dockerFrom]}`);
      const result = await current.exec(
        { line: installScript(options.dockerFrom) },
        { signal, timeoutMs, onStdout: () => {} },
      );
      if (result.code !== 0) {
        throw new ZebuError(
          'DOCKER_MISSING',
          `Docker is not in the image and could not be installed from ${ORIGIN[options.dockerFrom]}: ${lastLine(result.stderr)}`,
          {
            hint: 'Use an image with Docker, or give the VM access to its package mirror.',
          },
        );
      }
      installed = true;
      changes.push(`installed Docker and Compose from ${ORIGIN[options.dockerFrom]}`);
      continue;
    }
    if (facts.get('group') === 'added') {
      changes.push(`added ${options.user} to the group docker`);
      // Without `sg` in the VM only a new login has the group.
      if (!['docker', 'docker_error'].some((name) => facts.has(name))) {
        current = await options.reconnect();
        continue;
      }
    }
    if (facts.get('folder') === 'made') changes.push(`made ${ZEBU_ROOT}`);
    const problem = facts.get('docker_error') ?? facts.get('compose_error');
    if (problem !== undefined) {
      throw new ZebuError(
        'DOCKER_MISSING',
        `${facts.has('docker_error') ? 'Docker' : 'Docker Compose v2'} does not work in the VM: ${problem}`,
        {
          hint: 'Look at it: zebu vm:ssh -- systemctl status docker',
        },
      );
    }
    if (facts.has('folder_error')) {
      throw new ZebuError('VM_NOT_READY', `${options.user} may not make ${ZEBU_ROOT} in the VM`, {
        hint: 'cloud images give the first user sudo without password.',
      });
    }
    const [docker, compose] = [facts.get('docker'), facts.get('compose')];
    if (docker !== undefined && compose !== undefined) return { docker, compose, changes };
    if (code !== 0)
      throw new ZebuError('VM_NOT_READY', `The check in the VM failed: ${lastLine(stderr) || `exit status ${code}`}`);
  }
  throw new ZebuError('DOCKER_MISSING', 'Docker could not be made to work in the VM', {
    hint: 'Look at it: zebu vm:ssh',
  });
}
