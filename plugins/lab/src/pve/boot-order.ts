import type { VmConfig } from './state.js';

/** Devices of `boot: order=scsi0;net0`, none where the order is of the old kind. */
export function bootDevices(config: Readonly<VmConfig>): readonly string[] {
  const [, order = ''] = /(?:^|,)order=([^,]*)/.exec(String(config['boot'] ?? '')) ?? [];
  return order.split(/[; ]/).filter((device) => device !== '');
}

/** What a VM boots from that was made without saying it. */
function defaultBootDevices(config: Readonly<VmConfig>): readonly string[] {
  const names = Object.keys(config);
  const disk = ['scsi', 'ide', 'sata', 'virtio'].flatMap((bus) =>
    names
      .filter((name) => new RegExp(`^${bus}\\d+$`).test(name) && !/media=cdrom/.test(String(config[name])))
      .toSorted(),
  );
  const cdrom = names.filter((name) => /^(ide|sata|scsi)\d+$/.test(name) && /media=cdrom/.test(String(config[name])));
  const net = names.filter((name) => /^net\d+$/.test(name)).toSorted();
  return [...disk.slice(0, 1), ...cdrom.toSorted().slice(0, 1), ...net.slice(0, 1)];
}

/** `boot` for a configuration that has none; nothing when there is nothing to boot from. */
export function bootOrder(config: Readonly<VmConfig>): VmConfig {
  const devices = defaultBootDevices(config);
  return devices.length === 0 ? {} : { boot: `order=${devices.join(';')}` };
}
