import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ZebuError } from '../errors.js';

/** Whom to connect to and what to trust. Only `host` and the trust are needed; the rest has SSH's own defaults. */
export interface SshTarget {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  /** Files of known host keys, or the exact public key lines (`ssh-ed25519 AAAA…`) this host may present. */
  readonly trust: { readonly knownHosts: readonly string[] } | { readonly pinned: readonly string[] };
  /** `[user@]host[:port]`, comma-separated for several hops; or a whole target. */
  readonly proxyJump?: SshTarget | string | undefined;
  /** Resolve aliases of ~/.ssh/config through `ssh -G`. */
  readonly useConfig?: boolean | undefined;
  /** Path of the agent's socket; false for none. Default: SSH_AUTH_SOCK as handed in by the caller. */
  readonly agent?: string | false | undefined;
  /** Milliseconds until the connection stands, each hop. Default 30 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds until the host itself takes a TCP connection. Default: as long as for the connection. */
  readonly reachTimeoutMs?: number | undefined;
}

export interface ResolvedTarget {
  readonly host: string;
  /** The name to look up in known hosts: the alias's HostKeyAlias, or the host. */
  readonly hostKeyName: string;
  readonly port: number;
  readonly user: string;
  /** In the order to try; files that do not exist are skipped. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly trust: SshTarget['trust'];
  readonly proxyJump: SshTarget | undefined;
  readonly agent: string | false;
  readonly connectTimeoutMs: number;
  readonly reachTimeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** `[user@]host[:port]`, with `[address]:port` for IPv6. */
export function parseJump(text: string): { host: string; port?: number; user?: string } {
  const match = /^(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^@:\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[2] ?? match?.[3];
  if (match === null || host === undefined || host.startsWith('-')) {
    throw new ZebuError('CONFIG_INVALID', `proxy_jump: \`${text}\` is not [user@]host[:port]`);
  }
  return {
    host,
    ...(match[4] === undefined ? {} : { port: Number(match[4]) }),
    ...(match[1] === undefined ? {} : { user: match[1] }),
  };
}

/** What `ssh -G` prints: `key value` lines, keys in lower case, some repeated. */
export function parseSshConfig(text: string): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const cut = line.indexOf(' ');
    if (cut > 0) options.set(line.slice(0, cut), [...(options.get(line.slice(0, cut)) ?? []), line.slice(cut + 1)]);
  }
  return options;
}

/** Windows has its agent as a service, which no variable names. */
function serviceAgent(): string | false {
  const pipe = '\\\\.\\pipe\\openssh-ssh-agent';
  return process.platform === 'win32' && existsSync(pipe) ? pipe : false;
}

async function sshConfig(target: SshTarget): Promise<ReadonlyMap<string, readonly string[]>> {
  if (target.useConfig !== true) return new Map();
  try {
    const { execFile } = await import('node:child_process');
    const { stdout } = await promisify(execFile)('ssh', ['-G', '--', target.host], { timeout: 10_000 });
    return parseSshConfig(stdout);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    const detail = (error as { stderr?: string }).stderr?.trim().split('\n')[0] ?? 'ssh -G failed';
    throw new ZebuError('CONFIG_INVALID', `~/.ssh/config: ${detail}`, { cause: error });
  }
}

/** Fills in what ~/.ssh/config and SSH's defaults say; what the target itself says wins. */
export async function resolveTarget(target: SshTarget): Promise<ResolvedTarget> {
  if (target.host.startsWith('-') || /\s/.test(target.host)) {
    throw new ZebuError('CONFIG_INVALID', `\`${target.host}\` is not a host name`);
  }
  const config = await sshConfig(target);
  const one = (key: string): string | undefined => config.get(key)?.[0];
  const fromConfig = config.get('identityfile')?.map(expandHome);
  const jumpText = typeof target.proxyJump === 'string' ? target.proxyJump : one('proxyjump');
  const jump =
    typeof target.proxyJump === 'object'
      ? target.proxyJump
      : jumpText === undefined || jumpText === 'none'
        ? undefined
        : jumpChain(jumpText, target);
  const agent = one('identityagent');
  return {
    host: one('hostname') ?? target.host,
    hostKeyName: one('hostkeyalias') ?? one('hostname') ?? target.host,
    port: target.port ?? Number(one('port') ?? 22),
    user: target.user ?? one('user') ?? 'root',
    identityFiles:
      target.identityFile === undefined
        ? (fromConfig ?? DEFAULT_KEYS.map((name) => join(homedir(), '.ssh', name)))
        : [expandHome(target.identityFile)],
    identitiesOnly: target.identityFile !== undefined || one('identitiesonly') === 'yes',
    trust: target.trust,
    proxyJump: jump,
    agent:
      target.agent ??
      (agent === undefined || agent === 'SSH_AUTH_SOCK'
        ? (process.env['SSH_AUTH_SOCK'] ?? serviceAgent())
        : agent === 'none'
          ? false
          : expandHome(agent)),
    connectTimeoutMs: target.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    reachTimeoutMs: target.reachTimeoutMs ?? target.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
  };
}

/** `a,b` means through a, then b: each hop is the jump of the next. */
function jumpChain(text: string, target: SshTarget): SshTarget | undefined {
  let hop: SshTarget | undefined;
  for (const part of text.split(',')) {
    hop = {
      ...parseJump(part),
      // A jump host has a name and a key of its own; pins of the target say nothing about it.
      trust: 'pinned' in target.trust ? { knownHosts: ['~/.ssh/known_hosts'] } : target.trust,
      useConfig: target.useConfig,
      identityFile: target.identityFile,
      agent: target.agent,
      connectTimeoutMs: target.connectTimeoutMs,
      // `none` stops the alias's own ProxyJump from starting a second chain.
      proxyJump: hop ?? 'none',
    };
  }
  return hop;
}
