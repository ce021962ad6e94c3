import type { LabNode } from './node.js';
import { parseProperties } from './property-string.js';

/** What the host has to have for a VM's network devices. */

/** A VLAN needs a card behind the bridge, unless the bridge itself knows VLANs. */
export function vlanProblem(node: LabNode, net: string): string | undefined {
  const properties = parseProperties(net, 'model');
  const bridge = properties.get('bridge') ?? '';
  if (properties.get('tag') === undefined || node.settings.bridges[bridge] === undefined) return undefined;
  const { ports, vlanAware } = node.bridge(bridge);
  return ports === '' && !vlanAware ? `no physical interface on bridge '${bridge}'` : undefined;
}

/** `virtio` is the only model that can have another MTU. */
export function mtuWarning(slot: string, net: string): string | undefined {
  const properties = parseProperties(net, 'model');
  const mtu = properties.get('mtu');
  if (mtu === undefined || properties.get('virtio') !== undefined || properties.get('model') === 'virtio')
    return undefined;
  return `netdev ${slot}: ignoring MTU '${mtu}', not using VirtIO`;
}
