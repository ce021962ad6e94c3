import { ZebuError } from '@zebu/kit';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Number of a VM, unique in the cluster. */
export type Vmid = Branded<number, 'Vmid'>;
/** Name of a cluster node. */
export type NodeName = Branded<string, 'NodeName'>;
/** Unique process id of a task: `UPID:node:pid:pstart:starttime:type:id:user:`. */
export type Upid = Branded<string, 'Upid'>;

export function toVmid(value: number | string): Vmid {
  const id = typeof value === 'number' ? value : /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isInteger(id) || id < 100 || id > 999_999_999) {
    throw new ZebuError('PROXMOX_REFUSED', `\`${value}\` is not a VM id`);
  }
  return id as Vmid;
}

/** Names become path segments of requests, so nothing else than a host name may pass. */
export function toNodeName(value: string): NodeName {
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(value)) {
    throw new ZebuError('CONFIG_INVALID', `\`${value}\` is not a node name`);
  }
  return value as NodeName;
}

export interface UpidParts {
  readonly upid: Upid;
  readonly node: NodeName;
  /** Unix time in seconds. */
  readonly startTime: number;
  readonly type: string;
  readonly id: string;
  readonly user: string;
}

const UPID = /^UPID:([A-Za-z0-9-]+):[0-9A-Fa-f]{8,}:[0-9A-Fa-f]{8,}:([0-9A-Fa-f]{8}):([^:\s]+):([^:\s]*):([^:\s]+):$/;

/** Undefined when the text is not a UPID. */
export function parseUpid(text: unknown): UpidParts | undefined {
  const match = typeof text === 'string' ? UPID.exec(text) : null;
  if (match === null) return undefined;
  const [upid, node = '', start = '', type = '', id = '', user = ''] = match;
  return { upid: upid as Upid, node: node as NodeName, startTime: Number.parseInt(start, 16), type, id, user };
}

export function toUpid(value: unknown): Upid {
  const parts = parseUpid(value);
  if (parts === undefined)
    throw new ZebuError('PROXMOX_REFUSED', `Proxmox answered without a task id where one was expected`);
  return parts.upid;
}

/** The VM's name as a resource of the HA manager. */
export const sidOf = (vmid: number): string => `vm:${vmid}`;
