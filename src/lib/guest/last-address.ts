import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import type { NodeName, Vmid } from '../proxmox/ids.js';
import { ownLogin, type GuestAddress } from './address.js';

const remembered = z.object({
  vmid: z.number(),
  node: z.string(),
  host: z.string(),
  hostKeys: z.array(z.string()).min(1),
  knownHostsFile: z.string(),
});

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
    const { vmid, node, ...rest } = remembered.parse(JSON.parse(await readFile(fileOf(context), 'utf8')));
    return { ...rest, ...ownLogin(context), vmid: vmid as Vmid, node: node as NodeName };
  } catch {
    return undefined;
  }
}

/** A note that cannot be written only costs time. */
export async function rememberAddress(context: Context, address: GuestAddress): Promise<void> {
  const file = fileOf(context);
  const { vmid, node, host, hostKeys, knownHostsFile } = address;
  try {
    await mkdir(join(context.stateDir, 'last'), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.${process.pid}.part`, JSON.stringify({ vmid, node, host, hostKeys, knownHostsFile }), {
      mode: 0o600,
    });
    await rename(`${file}.${process.pid}.part`, file);
  } catch (error) {
    context.io.debug(() => `the address was not remembered: ${(error as Error).message}`);
  }
}

export async function forgetAddress(context: Context): Promise<void> {
  await rm(fileOf(context), { force: true });
}
