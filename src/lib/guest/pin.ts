import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * What this machine remembers of the VM's identity: its SSH host keys as the hypervisor's guest agent gave them. Another
 * machine makes its own pin the same way, so nothing has to be copied and nothing is trusted on first use.
 */
const pinSchema = z.object({
  app: z.string(),
  vmid: z.number(),
  /** PVE's own id of the machine: a new VM under an old vmid is another machine. */
  uuid: z.string(),
  mac: z.string(),
  /** Public key lines. */
  hostKeys: z.array(z.string()).min(1),
});

export type Pin = z.infer<typeof pinSchema>;

export interface PinStore {
  /** Undefined when there is none, or it cannot be read. */
  read(): Promise<Pin | undefined>;
  write(pin: Pin): Promise<void>;
  remove(): Promise<void>;
  /** For the program ssh: the same keys, for whatever address the VM has. */
  readonly knownHostsFile: string;
}

/** @param where the Proxmox host or cluster: two of them may each have a VM of an app of this name */
export function pinStore(stateDir: string, app: string, where: string): PinStore {
  const scope = where.replaceAll(/[^A-Za-z0-9.-]+/g, '_').replace(/^_+|(?<!_)_+$/g, '');
  const folder = join(stateDir, 'vms', scope);
  const file = join(folder, `${app}.json`);
  const knownHostsFile = join(folder, `${app}.known_hosts`);
  const replace = async (path: string, text: string): Promise<void> => {
    const part = `${path}.${process.pid}.part`;
    await writeFile(part, text, { mode: 0o600 });
    await rename(part, path);
  };
  return {
    knownHostsFile,
    read: async () => {
      try {
        const parsed = pinSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined;
      }
    },
    write: async (pin) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await replace(knownHostsFile, pin.hostKeys.map((line) => `* ${line}\n`).join(''));
      await replace(file, `${JSON.stringify(pin, undefined, 2)}\n`);
    },
    remove: async () => {
      await rm(file, { force: true });
      await rm(knownHostsFile, { force: true });
    },
  };
}
