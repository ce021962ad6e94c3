import { describe, expect, it } from 'vitest';
import { checkMigration, preconditionsAnswer } from '../../../src/lib/vm/migrate.js';

const facts = (more: Readonly<Record<string, unknown>>) =>
  preconditionsAnswer.parse({ running: 1, allowed_nodes: ['b'], not_allowed_nodes: {}, local_disks: [], ...more });
const disk = { volid: 'local:100/vm-100-disk-0.qcow2', size: 10 * 1024 ** 3 };
const to = (target: string, withLocalDisks = false) => ({ target, withLocalDisks });

describe('what stands in the way of a migration', () => {
  it('is nothing on shared storage', () => {
    expect(() => checkMigration(facts({}), 100, to('b'))).not.toThrow();
  });

  it('is a storage the target lacks', () => {
    const blocked = facts({ not_allowed_nodes: { c: { unavailable_storages: ['fast', 'local-zfs'] } } });
    expect(() => checkMigration(blocked, 100, to('c'))).toThrowError(
      'cannot go to c: unavailable storages: fast, local-zfs',
    );
  });

  it('are disks of the node while it runs, unless they are copied; the cloud-init drive never is', () => {
    const local = facts({ local_disks: [disk, { volid: 'local:100/vm-100-cloudinit.qcow2', cdrom: 1 }] });
    expect(() => checkMigration(local, 100, to('b'))).toThrowError('local:100/vm-100-disk-0.qcow2 (10.0 GiB)');
    expect(() => checkMigration(local, 100, to('b', true))).not.toThrow();
    expect(() => checkMigration({ ...local, running: false }, 100, to('b'))).not.toThrow();
    const drive = facts({ local_disks: [{ volid: 'local:100/vm-100-cloudinit.qcow2' }] });
    expect(() => checkMigration(drive, 100, to('b'))).not.toThrow();
  });

  it('are devices of the node', () => {
    expect(() => checkMigration(facts({ local_resources: ['hostpci0'] }), 100, to('b', true))).toThrowError('hostpci0');
  });

  it('reads an empty hash as Perl may send it', () => {
    expect(preconditionsAnswer.parse({ not_allowed_nodes: [] }).not_allowed_nodes).toEqual({});
  });
});
