import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLeftovers, removeLeftovers } from '../../../src/lib/temporary/leftovers.js';
import { hasEnded, thisMaker } from '../../../src/lib/temporary/maker.js';
import { readMemos, writeMemo } from '../../../src/lib/temporary/memo.js';
import { readNote, writeNote, type CopyNote } from '../../../src/lib/temporary/note.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { findVm } from '../../../src/lib/proxmox/observe.js';
import { fakeProxmox, inTurn, refuses } from '../../support/fake-proxmox.js';

const VM = '/nodes/pve/qemu/105';
const upid = (type: string) => `UPID:pve:000008BE:000FF00C:6B0B31C1:${type}:105:zebu@pve!cli:`;
const ended = (type: string, exitstatus = 'OK') => ({ upid: upid(type), type, status: 'stopped', exitstatus });

const note = (more: Partial<CopyNote> = {}): string =>
  writeNote({
    app: 'shop',
    kind: 'proof',
    source: 'the backup x',
    why: 'to see whether its backup comes back',
    who: 'ann',
    from: 'laptop',
    since: '2026-11-29T18:00:00Z',
    kept: false,
    maker: { machine: 'abcdef', pid: 42 },
    beat: 3,
    ...more,
  });
const copy = (description: string) => ({ name: 'zebu-copy-of-shop', tags: 'zebu-copy;zebu-proof-shop', description });
const row = <More extends object>(more: More) => ({
  type: 'qemu',
  vmid: 105,
  node: 'pve',
  status: 'running',
  ...more,
});
const OWN = row({ vmid: 100, name: 'shop', tags: 'zebu;zebu-app-shop' });
const COPY = row({ name: 'zebu-copy-of-shop', tags: 'zebu-copy;zebu-proof-shop' });
/** This machine, and a process that is no more. */
const GONE = { machine: thisMaker().machine, pid: 2 ** 22 + 1 };

const REMOVES = {
  [`GET ${VM}/status/current`]: { status: 'running' },
  [`POST ${VM}/status/stop`]: upid('qmstop'),
  [`GET /nodes/pve/tasks/${upid('qmstop')}/status`]: ended('qmstop'),
  [`DELETE ${VM}`]: upid('qmdestroy'),
  [`GET /nodes/pve/tasks/${upid('qmdestroy')}/status`]: ended('qmdestroy'),
};

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'zebu-copies-'))));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

async function on(answers: Readonly<Record<string, unknown>>) {
  const fake = fakeProxmox({ 'GET /cluster/resources': [OWN, COPY], ...REMOVES, ...answers });
  const context = { ...fake.context, stateDir };
  return { ...fake, context, client: await makeClient(fake.transport, context.io) };
}
const changes = (asked: readonly string[]): readonly string[] => asked.filter((line) => !line.startsWith('GET'));
const REMOVED = [`POST ${VM}/status/stop`, `DELETE ${VM}`];

describe('the note of a copy', () => {
  it('says who works with it', () => {
    expect(readNote(note())).toEqual({ maker: { machine: 'abcdef', pid: 42 }, beat: 3, kept: false });
    expect(readNote(note({ kept: true }))).toMatchObject({ kept: true });
    expect(readNote('Something else')).toBeUndefined();
    expect(readNote(undefined)).toBeUndefined();
  });

  it('tells a process of this machine that has ended', () => {
    const own = { machine: 'm', pid: 1 };
    expect(hasEnded({ machine: 'm', pid: 2 }, own, () => false)).toBe(true);
    expect(hasEnded({ machine: 'm', pid: 2 }, own, () => true)).toBe(false);
    expect(hasEnded({ machine: 'other', pid: 2 }, own, () => false)).toBe(false);
    expect(hasEnded(own, own, () => false)).toBe(false);
    expect(hasEnded(GONE)).toBe(true);
  });
});

describe('the VM of the app', () => {
  it.each([
    ['a copy', COPY],
    ['a clone that has the tags of its original, by its name', row({ name: 'zebu-copy-of-shop', tags: OWN.tags })],
    ['a clone that is being made', row({ tags: OWN.tags, lock: 'clone' })],
  ])('is not %s, and is found beside it', async (_, other) => {
    const { client } = await on({ 'GET /cluster/resources': [other, OWN] });
    expect((await findVm(client, 'shop'))?.vmid).toBe(100);
    const alone = await on({ 'GET /cluster/resources': [other] });
    expect(await findVm(alone.client, 'shop')).toBeUndefined();
  });

  it('is told by the configurations where the list has no name of a young clone yet', async () => {
    const young = row({ tags: OWN.tags });
    const configs = {
      'GET /nodes/pve/qemu/100/config': { name: 'shop', tags: OWN.tags },
      [`GET ${VM}/config`]: { name: 'zebu-copy-of-shop', tags: OWN.tags },
    };
    const { client } = await on({ ...configs, 'GET /cluster/resources': [young, OWN] });
    expect((await findVm(client, 'shop'))?.vmid).toBe(100);
    const alone = await on({ ...configs, 'GET /cluster/resources': [young] });
    expect(await findVm(alone.client, 'shop')).toBeUndefined();
  });

  it('is still refused where there are two that are none', async () => {
    const { client } = await on({
      'GET /cluster/resources': [OWN, row({ name: 'other', tags: OWN.tags })],
      'GET /nodes/pve/qemu/100/config': { name: 'shop', tags: OWN.tags },
      [`GET ${VM}/config`]: { name: 'other', tags: OWN.tags },
    });
    await expect(findVm(client, 'shop')).rejects.toMatchObject({ code: 'VM_DIFFERS' });
  });
});

describe('what a killed run has left', () => {
  it('of this machine, is removed at once', async () => {
    const { client, context, asked } = await on({ [`GET ${VM}/config`]: copy(note({ maker: GONE })) });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
    expect(changes(asked)).toEqual(REMOVED);
  });

  it('of another machine, is removed once its note is not renewed any more', async () => {
    const { client, context, asked, clock } = await on({ [`GET ${VM}/config`]: copy(note()) });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
    expect(clock.elapsed()).toBeGreaterThanOrEqual(60_000);
    expect(changes(asked)).toEqual(REMOVED);
  });

  it('is none of it where somebody works with it', async () => {
    const { client, context, asked } = await on({
      [`GET ${VM}/config`]: inTurn(copy(note()), copy(note()), copy(note({ beat: 4 }))),
    });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([]);
    expect(changes(asked)).toEqual([]);
  });

  it.each(['create', 'clone'])(
    'is none of it while Proxmox has it locked to %s it: no note can be renewed',
    async (lock) => {
      const { client, context, asked, stderr } = await on({ [`GET ${VM}/config`]: { ...copy(note()), lock } });
      expect(await removeLeftovers(context, client, 'proof')).toEqual([]);
      expect(changes(asked)).toEqual([]);
      expect(stderr.text).toContain('Proxmox is still making it: left alone');
    },
  );

  it('is none of it where its maker renews the note only a while after the lock is gone', async () => {
    const began = copy(note({ beat: 0 }));
    const fake = await on({
      // A first beat that was refused, two more that failed, and one that came through.
      [`GET ${VM}/config`]: () => (fake.clock.elapsed() < 55_000 ? began : copy(note({ beat: 4 }))),
    });
    expect(await removeLeftovers(fake.context, fake.client, 'proof')).toEqual([]);
    expect(changes(fake.asked)).toEqual([]);
  });

  it('is none of it where it is locked again meanwhile', async () => {
    const { client, context, asked } = await on({
      [`GET ${VM}/config`]: inTurn(copy(note()), copy(note()), { ...copy(note()), lock: 'create' }),
    });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([]);
    expect(changes(asked)).toEqual([]);
  });

  it('is none of it where it was meant to stay, until that is asked for', async () => {
    const answers = { [`GET ${VM}/config`]: copy(note({ kept: true, maker: GONE })) };
    const { client, context, asked } = await on(answers);
    expect(await removeLeftovers(context, client, 'proof')).toEqual([]);
    expect(changes(asked)).toEqual([]);
    expect(await removeLeftovers(context, client, 'proof', { kept: true })).toEqual([105]);
    expect(changes(asked)).toEqual(REMOVED);
  });

  it('is not of another app, nor of another kind', async () => {
    const { client } = await on({ [`GET ${VM}/config`]: copy(note({ maker: GONE })) });
    expect(await findLeftovers(client, 'blog', 'proof')).toEqual([]);
    expect(await findLeftovers(client, 'shop', 'rehearsal')).toEqual([]);
    expect(await findLeftovers(client, 'shop', 'proof')).toMatchObject([{ place: { vmid: 105 }, ended: true }]);
  });

  it('in the middle of a restore, is ended and removed, though it has no tags yet', async () => {
    const restoring = `/nodes/pve/tasks/${upid('qmrestore')}`;
    const { client, context, asked } = await on({
      'GET /cluster/resources': [OWN, row({ status: 'stopped' })],
      [`GET ${restoring}/status`]: inTurn(
        { ...ended('qmrestore'), status: 'running' },
        ended('qmrestore', 'interrupted'),
      ),
      [`DELETE ${restoring}`]: null,
      [`GET ${VM}/config`]: { digest: 'x', lock: 'create' },
      [`GET ${VM}/status/current`]: { status: 'stopped' },
    });
    await writeMemo(context, 'proof', { vmid: 105, node: 'pve', pid: GONE.pid, since: 1, upid: upid('qmrestore') });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
    expect(changes(asked)).toEqual([`DELETE ${restoring}`, `DELETE ${VM}`]);
    expect(await readMemos(context, 'proof')).toEqual([]);
  });

  it.each([
    ['that is empty, where no task of it is known', { digest: 'x' }, {}],
    ['that is nobody’s copy', { name: 'other', digest: 'x' }, { upid: upid('qmrestore') }],
    ['that another run has made', copy(note()), { upid: upid('qmrestore') }],
  ])('is no VM %s', async (_, config, memo) => {
    const { client, context, asked } = await on({
      'GET /cluster/resources': [OWN],
      'GET /nodes/pve/tasks': [],
      [`GET /nodes/pve/tasks/${upid('qmrestore')}/status`]: ended('qmrestore'),
      [`GET ${VM}/config`]: config,
      [`GET ${VM}/status/current`]: { status: 'stopped' },
    });
    await writeMemo(context, 'proof', { vmid: 105, node: 'pve', pid: GONE.pid, since: 1, ...memo });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([]);
    expect(changes(asked)).toEqual([]);
    // It is not asked about for ever.
    expect(await readMemos(context, 'proof')).toEqual([]);
  });

  it('is waited with while it is still being started', async () => {
    const running = 'VM 105 is running - destroy failed';
    const { client, context, asked } = await on({
      [`GET ${VM}/config`]: copy(note({ maker: GONE })),
      [`GET ${VM}/status/current`]: inTurn({ status: 'stopped' }, { status: 'running' }),
      [`DELETE ${VM}`]: inTurn(refuses(500, running), upid('qmdestroy')),
    });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
    expect(changes(asked)).toEqual([`DELETE ${VM}`, `POST ${VM}/status/stop`, `DELETE ${VM}`]);
  });

  it('is removed though it has the protection of its original', async () => {
    const { client, context, asked } = await on({
      [`GET ${VM}/config`]: { ...copy(note({ maker: GONE })), protection: 1 },
      [`PUT ${VM}/config`]: null,
    });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
    expect(changes(asked)).toEqual([`POST ${VM}/status/stop`, `PUT ${VM}/config`, `DELETE ${VM}`]);
  });

  it('that has not begun to be cloned is waited for, where its task is not known', async () => {
    const cloning = 'UPID:pve:000008BE:000FF00C:6B0B31C1:qmclone:100:zebu@pve!cli:';
    const { client, context, asked } = await on({
      'GET /cluster/resources': [OWN],
      'GET /nodes/pve/tasks': inTurn([{ upid: cloning, type: 'qmclone', id: '100', starttime: 500 }], []),
      [`GET /nodes/pve/tasks/${cloning}/status`]: inTurn(
        { ...ended('qmclone'), upid: cloning, status: 'running' },
        { ...ended('qmclone'), upid: cloning },
      ),
      [`GET ${VM}/config`]: copy(note({ maker: GONE })),
      [`GET ${VM}/status/current`]: { status: 'stopped' },
    });
    await writeMemo(context, 'proof', { vmid: 105, node: 'pve', pid: GONE.pid, since: 400, source: 100 });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
    // Others are cloned from the same original: none of their tasks is ended.
    expect(changes(asked)).toEqual([`DELETE ${VM}`]);
    expect(asked.filter((line) => line.includes('/status')).length).toBeGreaterThan(2);
  });

  it('is waited with while Proxmox has it locked', async () => {
    const { client, context } = await on({
      [`GET ${VM}/config`]: copy(note({ maker: GONE })),
      [`POST ${VM}/status/stop`]: inTurn(refuses(500, 'VM is locked (clone)'), upid('qmstop')),
    });
    expect(await removeLeftovers(context, client, 'proof')).toEqual([105]);
  });
});
