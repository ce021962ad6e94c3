import { describe, expect, it } from 'vitest';
import { differences } from '../../../../src/lib/vm/provision/adopt.js';
import { chooseProvisioner } from '../../../../src/lib/vm/provision/provisioner.js';

const call = {
  method: 'PUT',
  path: '/nodes/pve/qemu/100/config',
  task: undefined,
  params: {
    cores: 2,
    ciuser: 'deploy',
    net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
    delete: 'cipassword,localtime',
  },
} as const;

describe('taking over a VM that something else made', () => {
  it('sends what differs and removes what is there', () => {
    const config = {
      cores: '2',
      ciuser: 'root',
      cipassword: '**********',
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
      scsi0: 'local:100/vm-100-disk-0.qcow2,size=10G',
    };
    expect(differences(call, 'discard=on', config)).toEqual({
      ciuser: 'deploy',
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
      delete: 'cipassword',
      scsi0: 'local:100/vm-100-disk-0.qcow2,discard=on',
    });
  });

  it('sends nothing twice', () => {
    const config = {
      cores: '2',
      ciuser: 'deploy',
      net0: 'virtio=bc:24:11:00:00:01,firewall=1,bridge=vmbr0',
      scsi0: 'local:100/vm-100-disk-0.qcow2,discard=on,size=10G',
    };
    expect(differences(call, 'discard=on', config)).toBeUndefined();
  });
});

describe('where a VM comes from', () => {
  const shell = { hostShell: {} as never };
  const image = { volume: 'local:import/x.qcow2' };

  it('is the community script, unless an image is named or there is no shell', () => {
    expect(chooseProvisioner({}, shell, undefined)).toBe('community-script');
    expect(chooseProvisioner({ image }, shell, undefined)).toBe('cloud-image');
    expect(chooseProvisioner({}, {}, undefined)).toBe('cloud-image');
    expect(chooseProvisioner({ image, provisioner: 'community-script' }, shell, undefined)).toBe('community-script');
  });

  it('is what it was begun with', () => {
    const found = (tags: string) => ({ config: { tags } }) as never;
    expect(chooseProvisioner({ image }, shell, found('zebu;zebu-app-x;zebu-unfinished'))).toBe('community-script');
    expect(chooseProvisioner({}, shell, found('zebu;zebu-app-x'))).toBe('cloud-image');
  });
});
