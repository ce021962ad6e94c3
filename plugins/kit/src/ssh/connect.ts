import { readFile } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import type { AuthMethod, ConnectConfig, ParsedKey, ServerHostKeyAlgorithm } from 'ssh2';
import { interrupted, isZebuError, ZebuError } from '../errors.js';
import { hostKeyPolicy, type HostKeyPolicy } from './host-key.js';
import { ConnectedSession, type SshSession } from './session.js';
import { resolveTarget, type ResolvedTarget, type SshTarget } from './target.js';

const describe = (target: ResolvedTarget): string => `${target.user}@${target.host}:${target.port}`;

/** Words for what the operating system says. */
const SOCKET_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to its network',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name cannot be resolved right now',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it closed the connection',
};

function unreachable(target: ResolvedTarget, error: Error): ZebuError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = SOCKET_REASONS[code] ?? error.message;
  return new ZebuError('UNREACHABLE', `Cannot reach ${describe(target)}: ${reason}`, {
    details: { host: target.host, port: target.port },
    cause: error,
  });
}

/** A socket without Nagle's delay: it costs 40 ms for every small exchange. */
function openSocket(target: ResolvedTarget, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: target.host, port: target.port, noDelay: true, keepAlive: true });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(unreachable(target, error));
    };
    const timer = setTimeout(
      () => fail(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
      target.reachTimeoutMs,
    );
    const stop = (): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : interrupted());
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail);
    socket.once('close', () => signal.removeEventListener('abort', stop));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // Until ssh2 listens.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

interface Credentials {
  readonly methods: readonly AuthMethod[];
  /** What was considered, for the message when nothing was accepted. */
  readonly tried: readonly string[];
}

async function credentials(target: ResolvedTarget): Promise<Credentials> {
  const { parseKey } = await import('./library.js');
  const methods: AuthMethod[] = [];
  const tried: string[] = [];
  for (const file of target.identityFiles) {
    let text: Buffer;
    try {
      text = await promisify(readFile)(file);
    } catch (error) {
      if (target.identitiesOnly) tried.push(`${file} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
      continue;
    }
    const parsed = parseKey(text);
    if (parsed instanceof Error) {
      const encrypted = /encrypted|passphrase/i.test(parsed.message);
      tried.push(`${file} (${encrypted ? 'encrypted: load it into an agent' : 'not a private key zebu can read'})`);
      continue;
    }
    tried.push(file);
    const [key] = (Array.isArray(parsed) ? parsed : [parsed]) as ParsedKey[];
    methods.push({ type: 'publickey', username: target.user, key: key ?? text } as AuthMethod);
  }
  if (target.agent !== false && target.agent !== '') {
    tried.push(`agent at ${target.agent}`);
    const method = { type: 'agent', username: target.user, agent: target.agent } as AuthMethod;
    // A named key goes first; without one the agent is what the user set up on purpose.
    if (target.identitiesOnly && methods.length > 0) methods.push(method);
    else methods.unshift(method);
  }
  return { methods, tried };
}

/** Loads what a connection needs, which takes about as long as making it: for while something else is waited for. */
export async function prepareSsh(): Promise<void> {
  await import('./library.js');
}

export interface OpenOptions {
  readonly signal: AbortSignal;
}

/**
 * Connects, checks the host key before anything of ours is sent, and authenticates with keys only.
 * @throws UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, AUTH_FAILED, CREDENTIAL_MISSING
 */
export async function openSsh(wanted: SshTarget, options: OpenOptions): Promise<SshSession> {
  // What is needed is loaded while ssh looks into its configuration, or while the other end is reached.
  const target = await resolveTarget(wanted);
  options.signal.throwIfAborted();
  const jump = target.proxyJump === undefined ? undefined : await openSsh(target.proxyJump, options);
  try {
    const socket = jump === undefined ? openSocket(target, options.signal) : jump.forwardOut(target.host, target.port);
    // Keys are read while the other end is reached; whichever fails, the socket does not stay open.
    const [sock, policy, ours] = await Promise.all([socket, hostKeyPolicy(target), credentials(target)]).catch(
      async (error: unknown) => {
        await socket.then(
          (open) => open.destroy(),
          () => {},
        );
        throw error;
      },
    );
    return await authenticate(target, sock, policy, ours, options.signal, () => void jump?.close());
  } catch (error) {
    await jump?.close();
    throw error;
  }
}

async function authenticate(
  target: ResolvedTarget,
  sock: Duplex,
  policy: HostKeyPolicy,
  { methods, tried }: Credentials,
  signal: AbortSignal,
  afterEnd: () => void,
): Promise<SshSession> {
  const { NodeSSH } = await import('./library.js');
  if (methods.length === 0) {
    sock.destroy();
    throw new ZebuError(
      'CREDENTIAL_MISSING',
      `No SSH key for ${describe(target)}${tried.length === 0 ? '' : `: tried ${tried.join(', ')}`}`,
      {
        hint: 'Name one with identity_file, put one into ~/.ssh, or start an agent.',
      },
    );
  }
  let refused: ZebuError | undefined;
  const ssh = new NodeSSH();
  const config: Omit<ConnectConfig, 'privateKey'> = {
    host: target.host,
    port: target.port,
    username: target.user,
    sock,
    readyTimeout: target.connectTimeoutMs,
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    authHandler: [...methods] as AuthMethod[],
    hostVerifier: (key: Buffer) => (refused = policy.judge(key)) === undefined,
    ...(policy.algorithms === undefined
      ? {}
      : { algorithms: { serverHostKey: [...policy.algorithms] as ServerHostKeyAlgorithm[] } }),
  };
  const stop = (): void => void sock.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    // ssh2 would not notice a socket that has closed already, and wait for its whole time limit.
    if (sock.destroyed) throw new Error('it closed the connection');
    await ssh.connect(config);
  } catch (error) {
    sock.destroy();
    if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : interrupted();
    throw refused ?? connectError(target, error as Error, tried);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  const client = ssh.connection;
  if (client === null) throw new ZebuError('UNREACHABLE', `${describe(target)} closed the connection`);
  return new ConnectedSession(describe(target), client, () => {
    ssh.dispose();
    afterEnd();
  });
}

function connectError(target: ResolvedTarget, error: Error & { level?: string }, tried: readonly string[]): ZebuError {
  if (isZebuError(error)) return error;
  if (error.level === 'client-authentication') {
    return new ZebuError('AUTH_FAILED', `${describe(target)} accepts none of our keys: ${tried.join(', ')}`, {
      hint: `Add the public key to ~/.ssh/authorized_keys of ${target.user} there, or name another with identity_file.`,
      details: { host: target.host, user: target.user, tried },
    });
  }
  if (error.level === 'client-timeout') {
    return unreachable(
      target,
      Object.assign(new Error('it accepted the connection but did not finish the handshake in time'), {}),
    );
  }
  if (/no matching (host key|key exchange|C->S cipher)/i.test(error.message)) {
    return new ZebuError(
      'HOST_KEY_CHANGED',
      `${describe(target)} offers no host key of a recorded type (${error.message})`,
      {
        hint: 'Compare its keys on its console and record one it still has.',
      },
    );
  }
  return unreachable(target, error);
}
