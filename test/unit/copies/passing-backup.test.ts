import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BEAT_MS } from '../../../src/lib/temporary/heartbeat.js';
import { removeLeftBackups } from '../../../src/lib/copies/left-backups.js';
import { thisMaker } from '../../../src/lib/temporary/maker.js';
import { readMemos, writeMemo } from '../../../src/lib/temporary/memo.js';
import { readNote } from '../../../src/lib/temporary/note.js';
import { MEMO, withPassingBackup } from '../../../src/lib/copies/passing-backup.js';
import { backupSource, chooseSource } from '../../../src/lib/rehearse/source.js';
import { archiveNamed } from '../../../src/lib/proxmox/said.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import type { AppVm } from '../../../src/lib/vm/app-vm.js';
import { readBackups } from '../../../src/lib/vm/backup/read.js';
import { fakeProxmox, refuses } from '../../support/fake-proxmox.js';

const CONTENT = '/nodes/pve/storage/nas/content';
const NAME = 'vzdump-qemu-100-2026_11_29-18_00_00.vma.zst';
const OURS = `nas:backup/${NAME}`;
const upid = (type: string) => `UPID:pve:000008BE:000FF00C:6B0B31C1:${type}:100:zebu@pve!cli:`;
const task = (type: string, exitstatus = 'OK') => ({
  [`GET /nodes/pve/tasks/${upid(type)}/status`]: { upid: upid(type), type, status: 'stopped', exitstatus },
});
/** This machine, and a process that is no more. */
const GONE = { machine: thisMaker().machine, pid: 2 ** 22 + 1 };
const notes = (maker: { machine: string; pid: number }, beat = 0): string =>
  `zebu-passing-shop: made by zebu\nmaker ${maker.machine} ${maker.pid} beat ${beat}`;

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'zebu-passing-'))));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

interface Row {
  volid: string;
  notes?: string;
  protected?: number;
}

async function on(answers: Readonly<Record<string, unknown>> = {}, rows: Row[] = []) {
  const sent: Readonly<Record<string, unknown>>[] = [];
  const path = `${CONTENT}/${OURS}`;
  const fake = fakeProxmox({
    'GET /nodes/pve/storage': [{ storage: 'nas', type: 'nfs', content: 'backup', active: 1 }],
    [`GET ${CONTENT}`]: () => rows.map((row) => ({ vmid: 100, size: 7, ctime: 5, subtype: 'qemu', ...row })),
    'POST /nodes/pve/vzdump': (params: Readonly<Record<string, unknown>>) => {
      sent.push(params);
      rows.push({ volid: OURS, notes: String(params['notes-template']).replaceAll('\\n', '\n'), protected: 1 });
      return upid('vzdump');
    },
    'GET /nodes/pve/tasks': [],
    ...task('vzdump'),
    [`GET /nodes/pve/tasks/${upid('vzdump')}/log`]: [
      { n: 1, t: `INFO: creating vzdump archive '/mnt/pve/nas/dump/${NAME}'` },
    ],
    [`PUT ${path}`]: (params: Readonly<Record<string, unknown>>) => {
      const row = rows.find(({ volid }) => volid === OURS);
      if (row === undefined) throw new Error('a note for what is no more');
      Object.assign(row, params);
      return null;
    },
    [`DELETE ${path}`]: () => {
      const row = rows.find(({ volid }) => volid === OURS);
      if (row?.protected === 1) return refuses(500, 'cannot remove protected volume')({});
      rows.splice(
        rows.findIndex(({ volid }) => volid === OURS),
        1,
      );
      return upid('imgdel');
    },
    ...task('imgdel'),
    'GET /access/permissions': { '/': { 'Datastore.Audit': 1, 'Datastore.Allocate': 1 } },
    ...answers,
  });
  const context = { ...fake.context, stateDir };
  const client = await makeClient(fake.transport, context.io);
  const appVm = { client, vm: { node: 'pve', vmid: 100 }, name: 'shop' } as unknown as AppVm;
  return { ...fake, context, client, appVm, rows, sent };
}

describe('a backup for one rehearsal', () => {
  it('is protected, prunes nothing, is nobody’s backup, and is removed once it is of no use', async () => {
    const { context, appVm, client, rows, sent } = await on();
    const used = await withPassingBackup(context, appVm, 'nas', async ({ backup, remove }) => {
      expect(backup).toMatchObject({ backup: OURS, storage: 'nas' });
      expect(await readBackups(client, 'pve', 'shop', 100)).toEqual([]);
      await remove();
      expect(rows).toEqual([]);
      return 'used';
    });
    expect(used).toBe('used');
    expect(sent).toMatchObject([{ vmid: 100, storage: 'nas', mode: 'snapshot', protected: 1, remove: 0 }]);
    expect(sent[0]).not.toHaveProperty('prune-backups');
    expect(String(sent[0]?.['notes-template'])).not.toContain('\n');
    expect(await readMemos(context, MEMO)).toEqual([]);
  });

  it('shows as long as it is used that its maker lives, and never behind its removal', async () => {
    const { context, appVm, rows, clock } = await on();
    await withPassingBackup(context, appVm, 'nas', async ({ remove }) => {
      await clock.sleep(BEAT_MS + 1000);
      expect(readNote(rows[0]?.notes)).toMatchObject({ beat: 1, maker: thisMaker() });
      await remove();
      await clock.sleep(BEAT_MS * 3);
    });
    expect(rows).toEqual([]);
  });

  it('is removed where its use fails, and what failed is what is told', async () => {
    const { context, appVm, rows } = await on();
    const use = (): Promise<never> => Promise.reject(new Error('no room for the copy'));
    await expect(withPassingBackup(context, appVm, 'nas', use)).rejects.toThrow('no room for the copy');
    expect(rows).toEqual([]);
  });

  it('leaves those of others, and is remembered where it cannot be removed', async () => {
    const theirs = { volid: 'nas:backup/vzdump-qemu-100-2026_11_28-18_00_00.vma.zst', notes: 'nightly' };
    const { context, appVm, rows, stderr } = await on(
      { [`PUT ${CONTENT}/${OURS}`]: refuses(500, 'storage is not online') },
      [theirs],
    );
    await withPassingBackup(context, appVm, 'nas', async () => {});
    expect(rows.map(({ volid }) => volid)).toEqual([theirs.volid, OURS]);
    expect(stderr.text).toContain('could not be removed');
    expect(await readMemos(context, MEMO)).toHaveLength(1);
  });

  it('that Proxmox refuses leaves nothing to remember', async () => {
    const { context, appVm } = await on({ 'POST /nodes/pve/vzdump': refuses(403, 'Permission check failed') });
    await expect(withPassingBackup(context, appVm, 'nas', async () => {})).rejects.toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
    });
    expect(await readMemos(context, MEMO)).toEqual([]);
  });
});

describe('what a killed rehearsal has left', () => {
  it('is removed where its maker has ended', async () => {
    const { context, client, rows } = await on({}, [{ volid: OURS, notes: notes(GONE), protected: 1 }]);
    expect(await removeLeftBackups(context, client, 'pve')).toEqual([OURS]);
    expect(rows).toEqual([]);
  });

  it('is removed by its task where it has no notes yet, and no other one without notes', async () => {
    const other = { volid: 'nas:backup/vzdump-qemu-100-2026_11_28-18_00_00.vma.zst' };
    const { context, client, rows } = await on({}, [{ volid: OURS }, other]);
    await writeMemo(context, MEMO, { vmid: 100, node: 'pve', pid: GONE.pid, since: 1, upid: upid('vzdump') });
    await removeLeftBackups(context, client, 'pve');
    expect(rows).toEqual([other]);
    expect(await readMemos(context, MEMO)).toEqual([]);
  });

  it('of another machine is removed when nobody renews its notes, and left alone when somebody does', async () => {
    const foreign = { machine: 'abcdef', pid: 42 };
    const { context, client, rows } = await on({}, [{ volid: OURS, notes: notes(foreign), protected: 1 }]);
    const beating = (async () => {
      await context.clock.sleep(12_000);
      Object.assign(rows[0] ?? {}, { notes: notes(foreign, 1) });
    })();
    expect(await removeLeftBackups(context, client, 'pve')).toEqual([]);
    await beating;
    expect(await removeLeftBackups(context, client, 'pve')).toEqual([OURS]);
    expect(context.clock.elapsed()).toBeGreaterThan(60_000);
  });

  it('is seen by nobody else: another app’s is not touched', async () => {
    const { context, client, rows } = await on({}, [{ volid: OURS, notes: notes(GONE).replace('shop', 'shop-2') }]);
    expect(await removeLeftBackups(context, client, 'pve')).toEqual([]);
    expect(await readBackups(client, 'pve', 'shop', 100)).toEqual([]);
    expect(rows).toHaveLength(1);
  });
});

describe('what the copy is made of', () => {
  it.each([
    [undefined, { 'VM.Clone': 1, 'VM.Backup': 1 }, 'clone'],
    [undefined, { 'VM.Backup': 1 }, 'backup'],
    [undefined, { 'VM.Audit': 1 }, 'clone'],
    ['clone', { 'VM.Backup': 1 }, 'clone'],
    ['backup', { 'VM.Clone': 1 }, 'backup'],
  ] as const)('asked for %s, with %j: %s', async (wanted, privileges, source) => {
    const { context, appVm, stderr } = await on({ 'GET /access/permissions': { '/vms': privileges } });
    const { kind } = await chooseSource(context, appVm, { source: wanted });
    expect(kind).toBe(source);
    expect(stderr.text.includes('VM.Clone')).toBe(wanted === undefined && source === 'backup');
  });

  it('goes to the storage that is named, else to that of the newest backup', async () => {
    const { context, appVm } = await on({}, [{ volid: OURS, notes: 'zebu-app-shop: web' }]);
    expect(await backupSource(context, appVm, undefined)).toEqual({ kind: 'backup', storage: 'nas' });
    await expect(backupSource(context, appVm, 'gone')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: '--backup-storage gone: it does not take backups, or is not there',
    });
  });

  it('is named in the log of vzdump', () => {
    expect(archiveNamed(`INFO: creating vzdump archive '/var/lib/vz/dump/${NAME}'`)).toBe(NAME);
    expect(archiveNamed("INFO: creating Proxmox Backup Server archive 'vm/100/2026-11-29T18:00:00Z'")).toBe(
      '2026-11-29T18:00:00Z',
    );
    expect(archiveNamed('INFO: archive file size: 1KB')).toBeUndefined();
  });
});
