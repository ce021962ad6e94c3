import type { QemuConfig } from '../../proxmox/answers.js';
import type { PlannedCall } from '../plan.js';
import { parseProperties } from '../../proxmox/properties.js';

type Params = Record<string, boolean | number | string>;

/** `virtio,macaddr=…` and `virtio=…` say the same, and so do the same properties in another order. */
function normal(name: string, value: string): string {
  if (name !== 'net0') return value;
  const { bare, values } = parseProperties(value);
  const rows = [...values].filter(([key]) => key !== 'macaddr');
  if (bare !== undefined) rows.push([bare, values.get('macaddr') ?? '']);
  return rows
    .map(([key, text]) => `${key}=${text.toLowerCase()}`)
    .toSorted()
    .join(',');
}

/**
 * Of what a VM should have, only what it has not.
 * @param diskOptions for its first disk, whose volume is only known now
 * @returns undefined when there is nothing to change
 */
export function differences(call: PlannedCall, diskOptions: string, config: QemuConfig): Params | undefined {
  const params: Params = {};
  for (const [name, wanted] of Object.entries(call.params)) {
    if (name === 'delete') continue;
    const found = config[name];
    if (found === undefined || normal(name, found) !== normal(name, String(wanted))) params[name] = wanted;
  }
  const removed = String(call.params['delete'] ?? '')
    .split(',')
    .filter((name) => config[name] !== undefined);
  if (removed.length > 0) params['delete'] = removed.join(',');
  const disk = config['scsi0'];
  const volume = disk?.split(',')[0];
  if (disk !== undefined && volume !== undefined) {
    const { values } = parseProperties(disk);
    if ([...parseProperties(diskOptions).values].some(([name, value]) => values.get(name) !== value))
      params['scsi0'] = `${volume},${diskOptions}`;
  }
  return Object.keys(params).length === 0 ? undefined : params;
}
