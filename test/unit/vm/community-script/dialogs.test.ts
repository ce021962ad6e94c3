import { describe, expect, it } from 'vitest';
import type { DesiredVm } from '../../../../src/lib/vm/desired.js';
import { dialogLines, dialogTable } from '../../../../src/lib/vm/provision/community-script/dialogs.js';

const desired = {
  name: 'shop',
  cores: 4,
  memoryMb: 4096,
  diskGb: 30,
  cpu: 'host',
  network: { vlan: 12, mtu: undefined },
} as unknown as DesiredVm;
const choices = {
  vmid: 117,
  os: 'debian13',
  storage: 'local-lvm',
  bridge: 'vmbr1',
  mac: 'bc:24:11:00:00:01',
  arch: 'amd64',
} as const;

describe('the answers to the community script', () => {
  const answer = (title: string, rows = dialogTable(desired, choices)) => rows.find((row) => row.title === title);

  it('come from zebu.yml, by the title of the question', () => {
    expect(answer('VIRTUAL MACHINE ID')).toMatchObject({ answer: '117', kind: 'input' });
    expect(answer('HOSTNAME')?.answer).toBe('shop');
    expect(answer('CORE COUNT')?.answer).toBe('4');
    expect(answer('RAM')?.answer).toBe('4096');
    expect(answer('DISK SIZE')?.answer).toBe('30');
    expect(answer('BRIDGE')?.answer).toBe('vmbr1');
    expect(answer('MAC ADDRESS')?.answer).toBe('bc:24:11:00:00:01');
    expect(answer('VLAN')?.answer).toBe('12');
    expect(answer('MTU SIZE')?.answer).toBe('');
    expect(answer('Storage Pools')).toMatchObject({ answer: 'local-lvm', required: false });
  });

  it('never take the defaults, never start the VM, and give root no key', () => {
    expect(answer('SETTINGS')?.answer).toBe('no');
    expect(answer('START VIRTUAL MACHINE')?.answer).toBe('no');
    expect(answer('SSH KEY SOURCE')?.answer).toBe('none');
  });

  it('expect only what the host and the system are asked about', () => {
    const arm = dialogTable(desired, { ...choices, arch: 'arm64', os: 'ubuntu2404' });
    expect(answer('MACHINE TYPE', arm)?.required).toBe(false);
    expect(answer('CPU MODEL', arm)?.required).toBe(false);
    expect(answer('CLOUD-INIT', arm)?.required).toBe(false);
    expect(answer('MACHINE TYPE')?.required).toBe(true);
  });

  it('are one line each for the program that gives them', () => {
    expect(dialogLines(dialogTable(desired, choices)).split('\n')).toContain('VLAN\tinput\trequired\t12');
  });
});
