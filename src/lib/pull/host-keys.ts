import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import { scpPath, usesKey, type RepositoryAddress } from './address.js';

/** What is asked of this machine and of GitHub, so that tests can answer. */
export interface HostKeySources {
  /** Standard output of a program; undefined when it failed. */
  readonly run: (program: string, args: readonly string[]) => Promise<string | undefined>;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

export const hostKeySources = (signal: AbortSignal): HostKeySources => ({
  run: (program, args) =>
    new Promise((done) => {
      let text = '';
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'ignore'],
        signal,
        env: { ...process.env, LC_ALL: 'C' },
      });
      child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
      child.once('error', () => done(undefined));
      child.once('close', (code) => done(code === 0 ? text : undefined));
    }),
  fetch: (input, init) => fetch(input, init),
  signal,
});

/** As ssh on this machine would go there: an alias of ~/.ssh/config is nothing the VM knows. */
export async function resolveAlias(address: RepositoryAddress, { run }: HostKeySources): Promise<RepositoryAddress> {
  if (!usesKey(address)) return address;
  const said = await run('ssh', [
    '-G',
    ...(address.port === undefined ? [] : ['-p', String(address.port)]),
    '--',
    address.host,
  ]);
  const value = (name: string): string | undefined => new RegExp(`^${name} (.+)$`, 'm').exec(said ?? '')?.[1];
  const host = value('hostname')?.toLowerCase() ?? address.host;
  const port = Number(value('port') ?? address.port ?? 22);
  if (host === address.host && port === (address.port ?? 22)) return address;
  const way = port === 22 ? '' : `:${port}`;
  // A path without a slash at its beginning is one below the home there, which only this form says.
  const path = port === 22 && !host.includes(':') ? scpPath(address.url) : undefined;
  if (path !== undefined) return { ...address, host, port: undefined, url: `${address.user ?? 'git'}@${host}:${path}` };
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    ...address,
    host,
    port: port === 22 ? undefined : port,
    url: `ssh://${address.user ?? 'git'}@${shown}${way}/${address.path}.git`,
  };
}

const named = ({ host, port }: RepositoryAddress): string =>
  port === undefined || port === 22 ? host : `[${host}]:${port}`;

const KEY_LINE = /^(?:(@cert-authority) )?\S+ ((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*)/;

/** Lines of a known_hosts under the plain name; a line that revokes a key is none that trusts it. */
export function knownLines(text: string, name: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, marker, key] = KEY_LINE.exec(line) ?? [];
    return key === undefined ? [] : [[...(marker === undefined ? [] : [marker]), name, key].join(' ')];
  });
}

const meta = z.object({ ssh_keys: z.array(z.string().regex(/^\S+ [A-Za-z0-9+/]+=*$/)).min(1) });
const GITHUB_META = 'https://api.github.com/meta';
const FETCH_MS = 15_000;

async function githubKeys({ fetch: ask, signal }: HostKeySources): Promise<readonly string[]> {
  try {
    const answer = await ask(GITHUB_META, {
      headers: { accept: 'application/vnd.github+json', 'user-agent': 'zebu' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]),
    });
    return meta.parse(await answer.json()).ssh_keys;
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

export interface HostKeys {
  /** A known_hosts for the VM. */
  readonly text: string;
  /** Where they are from, for people. */
  readonly from: string;
}

/**
 * The keys of the git server that this machine trusts, or those GitHub publishes. Nothing is ever taken from the server itself.
 * @throws HOST_KEY_UNKNOWN
 */
export async function pinnedHostKeys(address: RepositoryAddress, sources: HostKeySources): Promise<HostKeys> {
  const name = named(address);
  const files = [join(homedir(), '.ssh/known_hosts'), join(homedir(), '.ssh/known_hosts2'), '/etc/ssh/ssh_known_hosts'];
  for (const file of files) {
    const lines = knownLines((await sources.run('ssh-keygen', ['-F', name, '-f', file])) ?? '', name);
    if (lines.length > 0) return { text: `${lines.join('\n')}\n`, from: file };
  }
  if (address.host === 'github.com') {
    const keys = await githubKeys(sources);
    if (keys.length > 0) return { text: keys.map((key) => `${name} ${key}\n`).join(''), from: GITHUB_META };
  }
  throw new ZebuError(
    'HOST_KEY_UNKNOWN',
    `The SSH host key of ${name} is not known on this machine, so the VM cannot be told it`,
    {
      hint: `Connect once yourself and compare the fingerprint with what its owner publishes: git ls-remote ${address.url}`,
    },
  );
}
