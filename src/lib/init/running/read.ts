import { variables, ZebuError } from '@zebu/kit';
import { CONTAINER_FORMAT, parseStacks } from './stacks.js';
import STACKS from './stacks.sh';
import type { RunningStack } from '../results.js';

export interface StackHost {
  /** `[user@]host[:port]`, or an alias of ~/.ssh/config. */
  readonly destination: string;
  readonly identityFile: string | undefined;
  readonly signal: AbortSignal;
}

export interface Destination {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

const READ_MS = 60_000;

/** @throws USAGE */
export async function parseDestination(text: string): Promise<Destination> {
  const { parseJump } = await import('@zebu/kit/ssh');
  try {
    return parseJump(text);
  } catch {
    throw new ZebuError('USAGE', `--from-host: \`${text}\` is not [user@]host[:port]`);
  }
}

export const readLine = (): string => variables({ format: CONTAINER_FORMAT }) + STACKS;

/**
 * The Compose stacks of a machine, over SSH; its host key has to be known. Reads names, paths and ports, and no value.
 * @throws UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, AUTH_FAILED, DOCKER_MISSING, COMPOSE_INVALID
 */
export async function readStacks({ destination, identityFile, signal }: StackHost): Promise<readonly RunningStack[]> {
  const { openSsh } = await import('@zebu/kit/ssh');
  const session = await openSsh(
    {
      ...(await parseDestination(destination)),
      identityFile,
      trust: { knownHosts: ['/etc/ssh/ssh_known_hosts', '~/.ssh/known_hosts'] },
      useConfig: true,
    },
    { signal },
  );
  try {
    const { code, stdout, stderr } = await session.exec({ line: readLine() }, { signal, timeoutMs: READ_MS });
    if (code === 0) return parseStacks(stdout);
    const [said = `exit status ${code ?? 'none'}`] = stderr.trim().split('\n').slice(-1).filter(Boolean);
    throw new ZebuError('DOCKER_MISSING', `Docker on ${session.where} does not list its Compose stacks: ${said}`, {
      hint: 'The login has to be able to run `docker compose ls`, itself or with sudo without a password.',
    });
  } finally {
    await session.close();
  }
}
