import { ZebuError } from '@zebu/kit';
import { nodeStatusAnswer, storageContentAnswer, storagesAnswer } from '../proxmox/answers.js';
import { chooseBridge } from '../proxmox/bridges.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import type { DesiredVm } from './desired.js';
import { toNodeName, toVmid, type NodeName, type Vmid } from '../proxmox/ids.js';
import { listNodes, listVms } from '../proxmox/observe.js';
import { isOwn, type VmRow } from '../proxmox/ownership.js';
import { parseAnswer } from '../proxmox/parse.js';
import { placeVm } from '../proxmox/placement.js';
import { unlessUnseen } from '../proxmox/sight.js';

/** What creating a VM depends on, read once before anything is planned. */
export interface Site {
  readonly node: NodeName;
  /** Why that node, where there was a choice. */
  readonly why?: string | undefined;
  readonly vmid: Vmid;
  /** For the disk. */
  readonly storage: string;
  readonly bridge: string;
  /** The volume to import from, and whether it has to be downloaded first. */
  readonly image: {
    readonly volume: string;
    readonly storage: string;
    readonly filename: string;
    readonly present: boolean;
  };
}

function checkVmid(wanted: Vmid, rows: readonly VmRow[]): Vmid {
  const taken = rows.find((row) => row.vmid === wanted);
  if (taken === undefined) return wanted;
  throw new ZebuError(
    'VMID_TAKEN',
    `vm.vmid ${wanted} belongs to another VM${taken.name === undefined ? '' : ` (${taken.name})`}`,
    {
      hint: 'Choose another id, or leave vm.vmid out.',
      details: { vmid: wanted, name: taken.name },
    },
  );
}

type StorageRow = ReturnType<typeof storagesAnswer.parse>[number];

/** @throws CONFIG_INVALID; PROXMOX_FORBIDDEN where one may be there that the login does not see */
async function chooseStorage(
  client: ProxmoxClient,
  rows: readonly StorageRow[],
  content: string,
  wanted: string | undefined,
  key: string,
): Promise<StorageRow> {
  const fits = (row: StorageRow): boolean =>
    row.content.split(',').includes(content) && row.active !== false && row.enabled !== false;
  const named = wanted === undefined ? rows.find(fits) : rows.find((row) => row.storage === wanted);
  if (named !== undefined && fits(named)) return named;
  const able = rows.filter(fits).map((row) => row.storage);
  const error = new ZebuError(
    'CONFIG_INVALID',
    named === undefined
      ? wanted === undefined
        ? `No storage of the node takes content type ${content}`
        : `${key}: there is no storage ${wanted}; there is ${rows.map((row) => row.storage).join(', ') || 'none'}`
      : `${key}: the storage ${named.storage} does not take content type ${content}, or is not active`,
    {
      hint: able.length > 0 ? `These take it: ${able.join(', ')}.` : `Allow it: Datacenter, Storage, Edit, Content.`,
    },
  );
  throw named === undefined ? await unlessUnseen(client, 'storage', error, wanted) : error;
}

/** A file name that changes with the image, so that another image is never taken for this one. */
export function imageFileName(url: string, checksum: string): string {
  const base = (new URL(url).pathname.split('/').at(-1) ?? '')
    .replace(/\.(qcow2|img|raw)$/i, '')
    .replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return `${base || 'image'}-${checksum.slice(0, 12)}.qcow2`;
}

async function locateImage(
  client: ProxmoxClient,
  node: NodeName,
  desired: DesiredVm,
  storages: readonly StorageRow[],
): Promise<Site['image']> {
  const { image } = desired;
  if (image === undefined) {
    throw new ZebuError('CONFIG_INVALID', '`vm.image` is required to create a VM', {
      hint: 'Give url and checksum of a Debian or Ubuntu cloud image, or the volume of one that is on the node.',
    });
  }
  const storage =
    image.kind === 'url'
      ? (await chooseStorage(client, storages, 'import', image.storage, 'vm.image.storage')).storage
      : (image.volume.split(':')[0] ?? '');
  const filename = image.kind === 'url' ? imageFileName(image.url, image.checksum) : image.volume;
  const volume = image.kind === 'url' ? `${storage}:import/${filename}` : image.volume;
  const rows = parseAnswer(
    storageContentAnswer,
    await client.request('GET', `/nodes/${node}/storage/${storage}/content`, { content: 'import' }),
    'the list of images',
  );
  const present = rows.some((row) => row.volid === volume);
  if (!present && image.kind === 'volume' && /:import\//.test(volume)) {
    throw new ZebuError('CONFIG_INVALID', `vm.image.volume: there is no ${volume} on ${node}`, {
      hint: `There is ${rows.map((row) => row.volid).join(', ') || 'no image of content type import'}.`,
    });
  }
  return { volume, storage, filename, present: present || image.kind === 'volume' };
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

type NodeStatus = ReturnType<typeof nodeStatusAnswer.parse>;

async function readNodeStatus(client: ProxmoxClient, node: NodeName): Promise<NodeStatus> {
  return parseAnswer(nodeStatusAnswer, await client.api.nodes.$(node).status.$get(), 'the status of the node');
}

function checkRoom({ memory }: NodeStatus, node: NodeName, desired: DesiredVm, storage: StorageRow): void {
  if (storage.avail !== undefined && storage.avail < 2 * GIB) {
    throw new ZebuError('NO_SPACE', `The storage ${storage.storage} has ${(storage.avail / GIB).toFixed(1)} GiB left`, {
      hint: 'Free some, or choose another with vm.storage.',
    });
  }
  const available = memory.available ?? memory.free;
  if (available < desired.memoryMb * MIB) {
    throw new ZebuError(
      'NO_SPACE',
      `The node ${node} has ${Math.floor(available / MIB)} MiB of memory left; vm.memory_mb wants ${desired.memoryMb}`,
      {
        hint: 'Lower vm.memory_mb, or stop another VM.',
      },
    );
  }
}

/** Where a new VM will be, whatever its disk is made from. */
export type Place = Omit<Site, 'image'> & { readonly storages: readonly StorageRow[] };

/** @throws what refuses a VM before anything is changed: CONFIG_INVALID, VMID_TAKEN, NO_SPACE */
export async function surveyPlace(client: ProxmoxClient, desired: DesiredVm): Promise<Place> {
  const placement = placeVm(await listNodes(client), desired.node);
  const node = toNodeName(placement.node);
  const [rows, storageData, bridge, free, status] = await Promise.all([
    listVms(client),
    client.api.nodes.$(node).storage.$get(),
    chooseBridge(client, node, desired.network),
    desired.vmid === undefined ? client.request('GET', '/cluster/nextid') : undefined,
    readNodeStatus(client, node),
  ]);
  const storages = parseAnswer(storagesAnswer, storageData, 'the list of storages');
  const disk = await chooseStorage(client, storages, 'images', desired.storage, 'vm.storage');
  const vmid =
    desired.vmid === undefined
      ? toVmid(free as string)
      : checkVmid(
          desired.vmid,
          rows.filter((row) => !isOwn(row.tags, desired.app)),
        );
  checkRoom(status, node, desired, disk);
  return { node, why: placement.why, vmid, storage: disk.storage, bridge, storages };
}

/** @throws as surveyPlace, and CONFIG_INVALID for an image that cannot be had */
export async function surveySite(client: ProxmoxClient, desired: DesiredVm): Promise<Site> {
  const { storages, ...place } = await surveyPlace(client, desired);
  return { ...place, image: await locateImage(client, place.node, desired, storages) };
}
