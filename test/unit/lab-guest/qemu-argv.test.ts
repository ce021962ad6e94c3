import { describe, expect, it } from 'vitest';

import type { GuestSpec } from '../../../plugins/lab/src/guest/backend.js';
import { qemuArgv } from '../../../plugins/lab/src/guest/qemu-argv.js';

const spec: GuestSpec = {
  vmid: 100,
  name: 'app-1',
  cores: 2,
  memoryMiB: 2048,
  uuid: '56e5928b-6ba3-4c0c-9eb6-d8d535e83e9b',
  nics: [
    { index: 0, mac: 'BC:24:11:53:DF:56', bridgeDevice: 'zbabcdefb0', hostDevice: 'zbabcdef2sg', linkDown: false },
  ],
  disks: [
    { slot: 'scsi0', file: '/lab/a,b.qcow2', format: 'qcow2', media: 'disk' },
    { slot: 'ide2', file: '/lab/ci.iso', format: 'raw', media: 'cdrom' },
  ],
  directBoot: { kernel: '/k', initrd: '/i', cmdline: 'root=/dev/vda1 quiet' },
  agent: true,
  runDir: '/run/100',
};

/** The values given for an option, in order. */
function values(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, i) => (word === option ? [argv[i + 1] ?? ''] : []));
}

describe('the command line of a machine', () => {
  it('emulates the processor unless KVM was found to work', () => {
    expect(values(qemuArgv(spec, 'tcg'), '-accel')).toEqual(['tcg,thread=multi,tb-size=512']);
    expect(values(qemuArgv(spec, 'kvm'), '-cpu')).toEqual(['host']);
  });

  it('gives the card the configured MAC on the tap the lab made', () => {
    expect(values(qemuArgv(spec, 'tcg'), '-netdev')).toEqual([
      'tap,id=net0,ifname=zbabcdef2sg,script=no,downscript=no',
    ]);
    expect(values(qemuArgv(spec, 'tcg'), '-device')).toContain(
      'virtio-net-pci,netdev=net0,id=nic-net0,mac=bc:24:11:53:df:56,romfile=',
    );
  });

  it('keeps a comma in a path from becoming an option', () => {
    expect(values(qemuArgv(spec, 'tcg'), '-drive')[0]).toMatch(/^if=none,id=drive-scsi0,file=\/lab\/a,,b\.qcow2,/);
  });

  it('never lets the guest write to the cloud-init drive', () => {
    expect(values(qemuArgv(spec, 'tcg'), '-drive')[1]).toContain('readonly=on');
  });

  it('has an agent port only when the configuration says so', () => {
    expect(qemuArgv(spec, 'tcg').join(' ')).toContain('name=org.qemu.guest_agent.0');
    expect(qemuArgv({ ...spec, agent: false }, 'tcg').join(' ')).not.toContain('virtserialport');
  });

  it('passes the kernel command line as one word', () => {
    expect(values(qemuArgv(spec, 'tcg'), '-append')).toEqual(['root=/dev/vda1 quiet']);
  });

  it('refuses a run directory whose sockets the kernel could not name', () => {
    expect(() => qemuArgv({ ...spec, runDir: `/${'x'.repeat(110)}` }, 'tcg')).toThrow(/too deep for a unix socket/);
  });
});
