import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Host aliases of an ssh_config that are named after Proxmox. */
export function proxmoxHosts(sshConfig: string): readonly string[] {
  const hosts = [...sshConfig.matchAll(/^[ \t]*Host[ \t]+(\S.*)$/gim)].flatMap((match) =>
    (match[1] ?? '').trim().split(/\s+/),
  );
  return [...new Set(hosts.filter((host) => /pve|proxmox/i.test(host) && !/[*?!]/.test(host)))];
}

/** Those of the user's own ~/.ssh/config. */
export async function hosts(env: (name: string) => string | undefined): Promise<readonly string[]> {
  return proxmoxHosts(await readFile(join(env('HOME') ?? homedir(), '.ssh/config'), 'utf8').catch(() => ''));
}
