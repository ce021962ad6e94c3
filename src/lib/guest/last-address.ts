import { createHash } from 'node:crypto';
import { mkdirSync, readFile, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../context/context.js';
import type { GuestAddress } from './address.js';
import { ownLogin } from './login.js';

type Remembered = Pick<GuestAddress, 'host' | 'hostKeys' | 'knownHostsFile' | 'node' | 'vmid'>;

/** It is what was written below. By hand: a schema's library takes longer to load than the connection to be made. */
function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null) return false;
  const { vmid, node, host, hostKeys, knownHostsFile } = value as Partial<Record<keyof Remembered, unknown>>;
  return (
    typeof vmid === 'number' &&
    [node, host, knownHostsFile].every((each) => typeof each === 'string') &&
    Array.isArray(hostKeys) &&
    hostKeys.length > 0 &&
    hostKeys.every((each) => typeof each === 'string')
  );
}

/** One file for each app and way to Proxmox: two hosts may each have a VM of an app of this name. */
function fileOf({ config, stateDir }: Context): string {
  const { transport, host, port } = config.proxmox;
  const key = createHash('sha256')
    .update(JSON.stringify([transport, host, port, config.app.name]))
    .digest('hex');
  return join(stateDir, 'last', `${key.slice(0, 24)}.json`);
}

/**
 * Where the VM was found the last time, so that a command need not ask Proxmox again. Safe to try: whoever answers there
 * has to present the host key that is pinned. Undefined when nothing is remembered.
 */
export async function lastAddress(context: Context): Promise<GuestAddress | undefined> {
  try {
    const note: unknown = JSON.parse(await promisify(readFile)(fileOf(context), 'utf8'));
    if (!isRemembered(note)) return undefined;
    const { vmid, node, host, hostKeys, knownHostsFile } = note;
    return { vmid, node, host, hostKeys, knownHostsFile, ...ownLogin(context) };
  } catch {
    return undefined;
  }
}

/** A note that cannot be written only costs time. */
export async function rememberAddress(context: Context, address: GuestAddress): Promise<void> {
  const file = fileOf(context);
  const { vmid, node, host, hostKeys, knownHostsFile } = address;
  try {
    mkdirSync(join(context.stateDir, 'last'), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}.part`, JSON.stringify({ vmid, node, host, hostKeys, knownHostsFile }), {
      mode: 0o600,
    });
    renameSync(`${file}.${process.pid}.part`, file);
  } catch (error) {
    context.io.debug(() => `the address was not remembered: ${(error as Error).message}`);
  }
}

export async function forgetAddress(context: Context): Promise<void> {
  rmSync(fileOf(context), { force: true });
}
