import { describe, expect, it } from 'vitest';
import {
  hostOptions,
  notYetApart,
  parseConfigText,
  randomMac,
  requireApart,
  unpluggedNets,
} from '../../../src/lib/copies/unplug.js';

const CONFIG = {
  name: 'shop',
  tags: 'zebu;zebu-app-shop',
  onboot: '1',
  net0: 'virtio=BC:24:11:00:09:00,bridge=vmbr0,firewall=1,tag=7',
  net1: 'model=e1000,macaddr=bc:24:11:00:09:01,bridge=vmbr1,link_down=0',
  hostpci0: '01:00.0',
};
const ORIGINAL = new Set(['bc:24:11:00:09:00', 'bc:24:11:00:09:01']);
const copy = {
  name: 'zebu-copy-of-shop',
  tags: 'zebu-copy;zebu-proof-shop',
  onboot: '0',
  net0: 'virtio=BC:24:11:AA:AA:AA,bridge=vmbr0,link_down=1',
};

describe('a copy', () => {
  it('has every card unplugged, with an address of its own; all else of it stays', () => {
    expect(unpluggedNets(CONFIG, () => 'BC:24:11:AA:BB:CC')).toEqual({
      net0: 'virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,firewall=1,tag=7,link_down=1',
      net1: 'model=e1000,macaddr=BC:24:11:AA:BB:CC,bridge=vmbr1,link_down=1',
    });
  });

  it('gets addresses as Proxmox gives them', () => {
    expect(randomMac()).toMatch(/^BC:24:11(:[0-9A-F]{2}){3}$/);
    expect(randomMac()).not.toBe(randomMac());
  });

  it('is one when nothing of its original is left', () => {
    expect(notYetApart(copy, 'shop', ORIGINAL)).toEqual([]);
    expect(notYetApart({ ...copy, ...unpluggedNets(CONFIG) }, 'shop', ORIGINAL)).toEqual([]);
  });

  it.each([
    [{ net0: CONFIG.net0 }, ['net0 is plugged in', 'net0 has the address of the original']],
    [{ net1: 'virtio=BC:24:11:AA:AA:AB,bridge=vmbr0,link_down=0' }, ['net1 is plugged in']],
    [{ net0: 'virtio=bc:24:11:00:09:00,bridge=vmbr0,link_down=1' }, ['net0 has the address of the original']],
    [{ onboot: '1' }, ['it starts with the node']],
    [{ tags: 'zebu;zebu-app-shop' }, ['its tags are not those of a copy']],
    [{ tags: 'zebu-copy;zebu-proof-shop;zebu-app-shop' }, ['its tags are not those of a copy']],
    [{ tags: '' }, ['its tags are not those of a copy']],
    [{ hostpci0: '01:00.0' }, ["hostpci0 is the original's"]],
    [{ hookscript: 'local:snippets/x.sh' }, ["hookscript is the original's"]],
    [{ virtiofs0: 'dirid=orders,cache=always' }, ["virtiofs0 is the original's"]],
    [{ args: '-netdev tap,id=t0 -device virtio-net-pci,netdev=t0' }, ["args is the original's"]],
    [{ parallel0: '/dev/parport0' }, ["parallel0 is the original's"]],
    [{ serial1: '/dev/ttyS0' }, ["serial1 is the original's"]],
    [{ ivshmem: 'size=32,name=orders' }, ["ivshmem is the original's"]],
  ])('is not started with %o', (more, left) => {
    expect(notYetApart({ ...copy, ...more }, 'shop', ORIGINAL)).toEqual(left);
    expect(() => requireApart(101, { ...copy, ...more }, 'shop', ORIGINAL)).toThrowError(
      expect.objectContaining({ code: 'VM_DIFFERS' }) as Error,
    );
  });
});

describe('what a copy loses before it starts', () => {
  it("is all that is the host's, and not the console", () => {
    const config = {
      ...CONFIG,
      serial0: 'socket',
      serial1: '/dev/ttyS0',
      parallel0: '/dev/usb/lp0',
      virtiofs0: 'orders',
      args: '-device x',
      usb1: 'host=1-2',
      vga: 'serial0',
      rng0: 'source=/dev/urandom',
    };
    expect(hostOptions(config).toSorted()).toEqual(['args', 'hostpci0', 'parallel0', 'serial1', 'usb1', 'virtiofs0']);
    expect(hostOptions({ ...copy, serial0: 'socket' })).toEqual([]);
  });
});

describe('the configuration in a backup', () => {
  it('is read up to its snapshots, without comments', () => {
    const text =
      '#one: two\nboot: order=scsi0\nnet0: virtio=AA,bridge=vmbr0\ndescription: a: b\n#qmdump#map:scsi0:drive-scsi0:local:qcow2:\n\n[before]\nnet0: other\nmemory: 1\n';
    expect(parseConfigText(text)).toEqual({ boot: 'order=scsi0', net0: 'virtio=AA,bridge=vmbr0', description: 'a: b' });
  });
});
