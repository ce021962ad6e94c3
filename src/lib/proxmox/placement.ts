import { ZebuError } from '@zebu/kit';

/** A node of the cluster, as `GET /nodes` tells of it; memory in bytes, absent without the right to see it. */
export interface NodeFacts {
  readonly node: string;
  readonly status: string;
  readonly mem?: number | undefined;
  readonly maxmem?: number | undefined;
}

export interface Placement {
  readonly node: string;
  /** Why this one, for people; undefined when there was nothing to choose. */
  readonly why?: string;
}

const GIB = 1024 ** 3;

const free = ({ mem, maxmem }: NodeFacts): number | undefined =>
  mem === undefined || maxmem === undefined ? undefined : maxmem - mem;

/**
 * Where a new VM goes: the node that was named, the only one, or the one online with most free memory.
 * @throws CONFIG_INVALID for a name that is none, UNREACHABLE for a node that is offline
 */
export function placeVm(nodes: readonly NodeFacts[], wanted: string | undefined): Placement {
  const names = nodes.map(({ node }) => node).join(', ');
  // Without the right to see more, a node says no status at all.
  const online = nodes.filter(({ status }) => status !== 'offline');
  if (wanted !== undefined) {
    const found = nodes.find(({ node }) => node === wanted);
    if (found === undefined)
      throw new ZebuError('CONFIG_INVALID', `proxmox.node: there is no node ${wanted}; there is ${names}`);
    if (found.status === 'offline') {
      throw new ZebuError('UNREACHABLE', `proxmox.node: the node ${wanted} is offline`, {
        hint: 'Start it, or leave proxmox.node out: zebu takes the one with most free memory.',
      });
    }
    return { node: wanted };
  }
  const [first, ...others] = online;
  if (first === undefined) {
    throw new ZebuError('UNREACHABLE', `No node of the cluster is online${names === '' ? '' : ` (${names})`}`);
  }
  if (others.length === 0) {
    return nodes.length === 1 ? { node: first.node } : { node: first.node, why: 'the only node online' };
  }
  const ranked = online.filter((each) => free(each) !== undefined).toSorted((a, b) => (free(b) ?? 0) - (free(a) ?? 0));
  const [best] = ranked;
  if (best === undefined) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `There are several nodes (${names}), and how much memory they have may not be seen`,
      {
        hint: 'Set proxmox.node, or give the token Sys.Audit on /nodes.',
      },
    );
  }
  const gib = ((free(best) ?? 0) / GIB).toFixed(1);
  return { node: best.node, why: `most free memory (${gib} GiB) of ${online.map(({ node }) => node).join(', ')}` };
}
