import * as z from 'zod';
import { ZebuError } from '@zebu/kit';
import type { AppVm } from '../app-vm.js';
import { parseAnswer } from '../../proxmox/parse.js';
import { judgeDisks, snapshotRemedy, type DiskVerdict, type StorageFacts } from './rules.js';
import type { Snapshot, Snapshots } from './results.js';

const number = z.coerce.number();
const flag = z.union([z.boolean(), number.transform((value) => value !== 0)]);

const snapshotsAnswer = z.array(
  z.object({
    name: z.string(),
    description: z.string().default(''),
    snaptime: number.optional(),
    parent: z.string().optional(),
    vmstate: flag.default(false),
    snapstate: z.string().optional(),
  }),
);

const storageConfigAnswer = z.array(
  z.object({ storage: z.string(), type: z.string(), 'snapshot-as-volume-chain': flag.optional() }),
);

export async function readSnapshots({ client, vm }: AppVm): Promise<Snapshots> {
  const rows = parseAnswer(
    snapshotsAnswer,
    await client.request('GET', `/nodes/${vm.node}/qemu/${vm.vmid}/snapshot`),
    'the list of snapshots',
  );
  const list = rows
    .filter((row) => row.name !== 'current')
    .map((row) => ({
      name: row.name,
      description: row.description.trim(),
      time: row.snaptime ?? 0,
      parent: row.parent ?? null,
      memory: row.vmstate,
      // Proxmox does not roll back to a snapshot that has a state, whatever the state is.
      unfinished:
        row.snapstate === undefined ? null : row.snapstate === 'delete' ? ('deleting' as const) : ('taking' as const),
    }))
    .toSorted((a, b) => a.time - b.time);
  return { list, current: rows.find((row) => row.name === 'current')?.parent ?? null };
}

/** @throws SNAPSHOT_MISSING naming those there are */
export function findSnapshot(name: string, { list }: Snapshots, vmid: number): Snapshot {
  const found = list.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new ZebuError('SNAPSHOT_MISSING', `VM ${vmid} has no snapshot ${name}`, {
    hint:
      list.length === 0
        ? 'It has none at all; zebu vm:snapshot:create takes one.'
        : `There is ${list.map((each) => each.name).join(', ')}.`,
  });
}

/** @throws SNAPSHOT_REFUSED for one that is no state of the VM */
export function requireFinished({ name, unfinished }: Snapshot, vmid: number): void {
  if (unfinished === null) return;
  const was = unfinished === 'taking' ? 'Taking' : 'Deleting';
  throw new ZebuError(
    'SNAPSHOT_REFUSED',
    `${was} the snapshot ${name} of VM ${vmid} came to no end, so there is nothing to go back to`,
    { hint: `Unless that is going on right now, delete it: zebu vm:snapshot:delete ${name}`, details: { unfinished } },
  );
}

/** What the storages of the VM's disks make of snapshots. Storages that may not be seen are judged by Proxmox itself. */
export async function judgeVm({ client, vm }: AppVm): Promise<readonly DiskVerdict[]> {
  const rows = parseAnswer(storageConfigAnswer, await client.request('GET', '/storage'), 'the list of storages');
  const facts = rows.map((row): StorageFacts => ({
    storage: row.storage,
    type: row.type,
    volumeChain: row['snapshot-as-volume-chain'] === true,
  }));
  return judgeDisks(vm.config, facts);
}

/** @throws SNAPSHOT_REFUSED naming every disk that has none */
export function requireSnapshots(verdicts: readonly DiskVerdict[], vmid: number): void {
  const refused = verdicts.filter((verdict) => verdict.refusal !== undefined);
  if (refused.length === 0) return;
  const named = refused.map(({ slot, storage, refusal }) => `${slot} is on ${storage}: ${refusal ?? ''}`);
  throw new ZebuError('SNAPSHOT_REFUSED', `VM ${vmid} cannot have snapshots: ${named.join('; ')}`, {
    hint: snapshotRemedy(refused, vmid),
    details: { disks: refused.map(({ slot, volid, type }) => ({ slot, volid, type })) },
  });
}

/**
 * @param accept how a person allows it
 * @throws SNAPSHOT_REFUSED when a running VM would stand still and nobody allowed it
 */
export function requireNoFreeze(
  verdicts: readonly DiskVerdict[],
  appVm: AppVm,
  allowed: boolean,
  doing: string,
  accept = 'Give --allow-freeze to accept it, stop the VM first,',
): void {
  const freezing = verdicts.filter((verdict) => verdict.freezes);
  if (freezing.length === 0 || allowed || appVm.vm.status.status !== 'running') return;
  const disks = freezing.map(({ slot, storage, type }) => `${slot} (qcow2 on ${storage}, type ${type})`).join(', ');
  throw new ZebuError(
    'SNAPSHOT_REFUSED',
    `${doing} would let the running VM ${appVm.vm.vmid} stand still, for minutes on a large disk: ${disks}`,
    {
      hint: `${accept} or keep its disk on ZFS, LVM-thin or Ceph.`,
    },
  );
}
