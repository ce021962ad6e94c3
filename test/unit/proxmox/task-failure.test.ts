import { describe, expect, it } from 'vitest';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { reasonsIn, taskExit } from '../../../src/lib/proxmox/task-failure.js';
import { runTask } from '../../../src/lib/proxmox/tasks.js';
import { fakeProxmox } from '../../support/fake-proxmox.js';

/** What a real Proxmox VE 9.2 said, of a task that was started with 200. */
const UPID = 'UPID:pve:00001DB2:000B83AE:6B0B266E:vzdump:100:zebu@pve!cli:';
const TASK = `/nodes/pve/tasks/${UPID}`;

const numbered = (lines: readonly string[]): object[] => lines.map((t, index) => ({ n: index + 1, t }));

async function failed(exitstatus: string, log: readonly string[], label = 'backing up VM 100') {
  const { context, transport, stderr } = fakeProxmox({
    [`GET ${TASK}/status`]: { upid: UPID, type: 'vzdump', id: '100', status: 'stopped', exitstatus },
    [`GET ${TASK}/log`]: ({ start, limit }: Record<string, number>) =>
      numbered(log).slice(start, (start ?? 0) + (limit ?? 50)),
  });
  const { io, signal, clock } = context;
  const error = await runTask(
    await makeClient(transport, io),
    async () => UPID,
    { node: toNodeName('pve'), type: 'vzdump', vmid: toVmid(100) },
    { io, signal, clock, timeoutMs: 1000, label },
  ).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error: error as { message: string; details: { log: readonly string[] } }, stderr };
}

describe('the error of a task', () => {
  it('says what failed in a backup whose end says only `job errors`', async () => {
    const { error } = await failed('job errors', [
      'INFO: starting new backup job: vzdump 100 --storage local',
      'INFO: Starting Backup of VM 100 (qemu)',
      "ERROR: Backup of VM 100 failed - VM 100 qmp command 'query-backup' failed - client closed connection",
      'INFO: Failed at 2026-11-28 19:07:26',
      'INFO: Backup job finished with errors',
      'TASK ERROR: job errors',
    ]);
    expect(error).toMatchObject({
      code: 'TASK_FAILED',
      message:
        "Proxmox failed backing up VM 100: job errors; its log says: Backup of VM 100 failed - VM 100 qmp command 'query-backup' failed - client closed connection",
      details: { upid: UPID, exitstatus: 'job errors' },
    });
  });

  it('says why QEMU did not start, which stands before the end', async () => {
    const { error } = await failed(
      'start failed: QEMU exited with code 1',
      [
        'generating cloud-init ISO',
        "no physical interface on bridge 'vmbr0'",
        'kvm: -netdev type=tap,id=net0,ifname=tap100i0: network script /usr/libexec/qemu-server/pve-bridge failed with status 6400',
        'TASK ERROR: start failed: QEMU exited with code 1',
      ],
      'starting VM 100',
    );
    expect(error.message).toMatch(
      /^Proxmox failed starting VM 100: start failed: QEMU exited with code 1; its log says: no physical interface on bridge 'vmbr0'; kvm: -netdev/,
    );
  });

  it('reads the end of a log that is longer than one answer', async () => {
    const progress = Array.from({ length: 1200 }, (_, n) => `INFO:  ${n % 100}% (1.0 GiB of 2.0 GiB) in ${n}s`);
    const { error } = await failed('job errors', [...progress, 'ERROR: disk full', 'TASK ERROR: job errors']);
    expect(error.message).toMatch(/its log says: disk full$/);
    expect(error.details.log.at(-1)).toBe('TASK ERROR: job errors');
    expect(error.details.log.length).toBeLessThanOrEqual(20);
  });

  it('is one short line, whatever programs print', async () => {
    const long = `ERROR: \u001B[31m${'x'.repeat(5000)}\r\nTASK`;
    const { error } = await failed('job errors', [...Array.from({ length: 50 }, (_, n) => `${long}${n}`)]);
    expect(error.message.length).toBeLessThan(1100);
    expect(error.message).not.toMatch(/[\u001B\r\n]/);
  });

  it.each([
    ['403 Permission check failed (/vms/600, VM.Config.CDROM)', '/vms/600', 'VM.Config.CDROM'],
    [
      '403 Permission check failed (/storage/local, Datastore.AllocateSpace)',
      '/storage/local',
      'Datastore.AllocateSpace',
    ],
    ['403 Permission check failed (/vms/600, VM.Backup)', '/vms/600', 'VM.Backup'],
    ["403 Permission check failed (/, Sys.Modify for modifying tag 'zebu')", '/', 'Sys.Modify'],
  ])('is that of a refused request for %s', async (exit, aclPath, privilege) => {
    const { error } = await failed(exit, [`TASK ERROR: ${exit}`]);
    expect(error).toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      exit: 5,
      message: `Proxmox does not allow backing up VM 100: ${exit.slice(4)}`,
      hint: expect.stringContaining(`${privilege} on ${aclPath}`) as string,
      details: { privilege, aclPath, upid: UPID },
    });
    expect(taskExit(error)).toBe(exit);
  });

  it('finds the refusal behind an end that does not say so', async () => {
    const { error } = await failed('job errors', [
      'ERROR: Backup of VM 100 failed - 403 Permission check failed (/vms/100, VM.Backup)',
      'TASK ERROR: job errors',
    ]);
    expect(error).toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      details: { privilege: 'VM.Backup', aclPath: '/vms/100' },
    });
  });

  it('does without a log that cannot be read', async () => {
    const { transport, context } = fakeProxmox({
      [`GET ${TASK}/status`]: { upid: UPID, type: 'vzdump', status: 'stopped', exitstatus: 'job errors' },
    });
    const { io, signal, clock } = context;
    const client = await makeClient(transport, io);
    const where = { node: toNodeName('pve'), type: 'vzdump' };
    const options = { io, signal, clock, timeoutMs: 1000, label: 'backing up VM 100' };
    await expect(runTask(client, async () => UPID, where, options)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      message: 'Proxmox failed backing up VM 100: job errors',
    });
  });
});

describe('warnings of a task that did not fail', () => {
  it('are told, wherever in its log they stand', async () => {
    const { error, stderr } = await failed(
      'WARNINGS: 1',
      [
        'generating cloud-init ISO',
        "WARN: netdev net1: ignoring MTU '1400', not using VirtIO",
        ...Array.from({ length: 9 }, (_, n) => `line ${n}`),
        '',
        'TASK WARNINGS: 1',
      ],
      'starting VM 900',
    );
    expect(error).toBeUndefined();
    expect(stderr.text).toContain("starting VM 900: WARN: netdev net1: ignoring MTU '1400', not using VirtIO");
  });
});

describe('what of a log is the reason', () => {
  it('is nothing where the end says it all', () => {
    expect(reasonsIn(['create full clone', 'TASK ERROR: no space left'], 'no space left')).toEqual([]);
  });

  it('leaves out how far it was', () => {
    const log = [
      'progress 3% (read 1 bytes)',
      'qemu-img: error while writing: No space left on device',
      'TASK ERROR: copying failed',
    ];
    expect(reasonsIn(log, "command '/usr/bin/qemu-img convert' failed: exit code 1")).toEqual([
      'qemu-img: error while writing: No space left on device',
      'copying failed',
    ]);
  });

  it('of a migration has the time before it', () => {
    const log = [
      '2026-11-28 19:53:12 starting migration of VM 100',
      "2026-11-28 19:53:13 ERROR: Failed to sync data - storage 'fast' is not available on node 'b'",
      '2026-11-28 19:53:13 ERROR: migration aborted (duration 00:00:01): Failed to sync data',
      'TASK ERROR: migration aborted',
    ];
    expect(reasonsIn(log, 'migration aborted')[0]).toBe(
      "Failed to sync data - storage 'fast' is not available on node 'b'",
    );
  });

  it('has warnings behind errors', () => {
    expect(reasonsIn(['WARN: old', 'ERROR: broken', 'TASK ERROR: job errors'], 'job errors')).toEqual([
      'broken',
      'WARN: old',
    ]);
  });
});
