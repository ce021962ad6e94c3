import { ZebuError } from '@zebu/kit';
import type * as z from 'zod';
import { networksAnswer } from './answers.js';
import type { ProxmoxClient } from './client.js';
import type { NodeName } from './ids.js';
import { parseAnswer } from './parse.js';
import { unlessUnseen } from './sight.js';

export type Bridge = z.infer<typeof networksAnswer>[number];

/** Those that the login may see. */
async function readBridges(client: ProxmoxClient, node: string): Promise<readonly Bridge[]> {
  const data = await client.request('GET', `/nodes/${node}/network`, { type: 'any_bridge' });
  return parseAnswer(networksAnswer, data, 'the list of bridges');
}

export interface BridgeProblem {
  readonly message: string;
  readonly hint: string;
}

/**
 * A plain Linux bridge carries a VLAN to one of its ports; without any, QEMU does not start. One that is aware of VLANs,
 * one of Open vSwitch and a virtual network of the SDN need none.
 * @returns undefined when it can, or when the ports may not be seen
 */
export function vlanProblem(bridge: Bridge, vlan: number | undefined): BridgeProblem | undefined {
  const { iface, type, bridge_ports: ports, bridge_vlan_aware: aware } = bridge;
  if (vlan === undefined || type !== 'bridge' || aware === true || ports === undefined || ports.trim() !== '')
    return undefined;
  return {
    message: `vm.network.vlan: the bridge ${iface} has no port for VLAN ${vlan}, so that no VM on it would start`,
    hint: `Make ${iface} aware of VLANs, or give it a port (the node, Network, ${iface}); or leave vm.network.vlan out.`,
  };
}

/**
 * The bridge a new VM gets.
 * @throws CONFIG_INVALID; PROXMOX_FORBIDDEN where one may be there that the login does not see
 */
export async function chooseBridge(
  client: ProxmoxClient,
  node: NodeName,
  { bridge: wanted, vlan }: { readonly bridge?: string | undefined; readonly vlan?: number | undefined },
): Promise<string> {
  const rows = await readBridges(client, node);
  const chosen = wanted === undefined && rows.length === 1 ? rows[0] : rows.find((row) => row.iface === wanted);
  if (chosen !== undefined) {
    const problem = vlanProblem(chosen, vlan);
    if (problem === undefined) return chosen.iface;
    throw new ZebuError('CONFIG_INVALID', problem.message, { hint: problem.hint });
  }
  const names = rows.map((row) => row.iface).join(', ');
  if (wanted !== undefined) {
    const error = new ZebuError(
      'CONFIG_INVALID',
      `vm.network.bridge: there is no bridge ${wanted} on ${node}; there is ${names || 'none'}`,
      { hint: 'Name one of them, or make it: the node, Network, Create, Linux Bridge.' },
    );
    throw await unlessUnseen(client, 'bridge', error, wanted);
  }
  const error = new ZebuError(
    'CONFIG_INVALID',
    `The node has ${names === '' ? 'no bridge' : `several bridges (${names})`}, and vm.network.bridge names none`,
    { hint: 'Set vm.network.bridge.' },
  );
  throw names === '' ? await unlessUnseen(client, 'bridge', error) : error;
}
