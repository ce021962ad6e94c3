/** The requests of a handover, and of going back; with machines that boot: test/integration/vm/rebuild*.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisMaker } from '../../../src/lib/temporary/maker.js';
import { newNote, readNote } from '../../../src/lib/temporary/note.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { readVm } from '../../../src/lib/proxmox/observe.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { copyTags, formerTags, machineTags, ownNote } from '../../../src/lib/proxmox/ownership.js';
import { putBack } from '../../../src/lib/rebuild/back.js';
import { declareServing, handOver, notBegun, takeOver, type Handover } from '../../../src/lib/rebuild/handover.js';
import { formerNote, handoverNote, lastingNote, saysHa } from '../../../src/lib/rebuild/notes.js';
import { onceUnlocked, turnOn } from '../../../src/lib/rebuild/power.js';
import { foreseen, readStand, settle } from '../../../src/lib/rebuild/stand.js';
import { forgetFormer, rebuildBack } from '../../../src/lib/rebuild/swap.js';
import { undoTaking } from '../../../src/lib/rebuild/undo.js';
import { fakeProxmox, inTurn, refuses } from '../../support/fake-proxmox.js';

const OLD = '/nodes/pve/qemu/100';
const NEW = '/nodes/pve/qemu/105';
const from = { node: toNodeName('pve'), vmid: toVmid(100) };
const to = { node: toNodeName('pve'), vmid: toVmid(105) };

const MINE = 'Ask ann before you touch this.\n\nmanaged by zebu';
const OF_THE_APP = {
  name: 'shop',
  tags: 'zebu;zebu-app-shop;prod',
  description: `${MINE}\n`,
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
  protection: '1',
  digest: 'd-old',
};
const NEXT = {
  name: 'shop',
  tags: 'zebu-copy;zebu-rebuild-shop',
  net0: 'virtio=BC:24:11:00:00:02,bridge=vmbr0,firewall=1',
  digest: 'd-new',
};
const OFF = { status: 'stopped' };
const ON = { status: 'running' };
const row = (vmid: number, tags: string, more: object = {}) => ({
  type: 'qemu',
  vmid,
  node: 'pve',
  name: 'shop',
  status: 'stopped',
  tags,
  ...more,
});
const upid = (type: string, vmid: number) => `UPID:pve:000008BE:000FF00C:6B0B31C1:${type}:${vmid}:zebu@pve!cli:`;
const task = (method: 'DELETE' | 'POST', path: string, type: string, vmid: number, exitstatus = 'OK') => ({
  [`${method} ${path}`]: upid(type, vmid),
  [`GET /nodes/pve/tasks/${upid(type, vmid)}/status`]: { upid: upid(type, vmid), type, status: 'stopped', exitstatus },
  [`GET /nodes/pve/tasks/${upid(type, vmid)}/log`]: [],
});

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'zebu-rebuild-'))));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

async function on(answers: Readonly<Record<string, unknown>>) {
  const sent: Record<string, Record<string, unknown>[]> = { [OLD]: [], [NEW]: [] };
  const takes = (path: string) => (params: Record<string, unknown>) => void sent[path]?.push(params);
  const fake = fakeProxmox(
    {
      'GET /cluster/resources': [row(100, OF_THE_APP.tags), row(105, NEXT.tags)],
      'GET /cluster/options': {},
      'GET /access/permissions': {},
      [`GET ${OLD}/config`]: OF_THE_APP,
      [`GET ${NEW}/config`]: NEXT,
      [`GET ${OLD}/status/current`]: OFF,
      [`GET ${NEW}/status/current`]: OFF,
      [`PUT ${OLD}/config`]: takes(OLD),
      [`PUT ${NEW}/config`]: takes(NEW),
      ...answers,
    },
    { vm: { ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSqVCWLtHRJ9ztzsmz4h7p1fGK0TLhRx2mgbWoYXNpx me'] } },
  );
  const context = { ...fake.context, stateDir };
  const handover: Handover = {
    app: 'shop',
    from,
    to,
    number: 1,
    release: null,
    host: null,
    anyAddress: false,
    note: newNote(context, 'rebuild', 'VM 100'),
  };
  const client = await makeClient(fake.transport, context.io);
  const changes = (): readonly string[] => fake.asked.filter((line) => !line.startsWith('GET'));
  const take = async (): Promise<void> => {
    const [before, taker] = await Promise.all([readVm(client, from), readVm(client, to)]);
    await takeOver(context, client, handover, { before, taker, ha: false });
  };
  return { ...fake, context, client, handover, sent, changes, take };
}
const running = { [`GET ${OLD}/status/current`]: ON };
const starts = task('POST', `${NEW}/status/start`, 'qmstart', 105);
const yes = (): Promise<boolean> => Promise.resolve(true);
const report = { update: () => {}, output: () => {}, done: () => {} };

describe('taking the place of another VM', () => {
  it('is one request, which says whose place it is, and keeps what people have written', async () => {
    const { take, sent, changes } = await on({});
    await take();
    expect(changes()).toEqual([`PUT ${NEW}/config`]);
    const [put] = sent[NEW] ?? [];
    expect(put).toMatchObject({
      tags: `${machineTags('shop', 1, { before: 100 })};prod`,
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
      onboot: 1,
      digest: 'd-new',
    });
    // One that is given up has to be removable.
    expect(put).not.toHaveProperty('protection');
    expect(lastingNote('shop', String(put?.['description']), true)).toBe(MINE);
  });

  it('leaves out tags that the login may not give', async () => {
    const { take, sent, stderr } = await on({ 'GET /cluster/options': { 'registered-tags': ['prod'] } });
    await take();
    expect(sent[NEW]?.[0]).toMatchObject({ tags: machineTags('shop', 1, { before: 100 }) });
    expect(stderr.text).toContain('does not get the tags prod');
  });

  it.each([
    ['it runs', { [`GET ${NEW}/status/current`]: ON }, 'VM_DIFFERS'],
    ['the one before is locked', { [`GET ${OLD}/config`]: { ...OF_THE_APP, lock: 'backup' } }, 'VM_NOT_READY'],
  ])('is not done when %s', async (_, answers, code) => {
    const { take, changes } = await on(answers);
    await expect(take()).rejects.toMatchObject({ code });
    expect(changes()).toEqual([]);
  });

  it('has happened when the answer alone was lost, and has not when the request was', async () => {
    const lost = () => {
      throw new ZebuError('OUTCOME_UNKNOWN', 'the connection was lost');
    };
    const after = { ...NEXT, tags: machineTags('shop', 1, { before: 100 }) };
    const done = await on({ [`PUT ${NEW}/config`]: lost, [`GET ${NEW}/config`]: inTurn(NEXT, after) });
    await done.take();
    const not = await on({ [`PUT ${NEW}/config`]: lost });
    await expect(not.take()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('is undone when the one before was unplugged so late that its app may have been started again', async () => {
    const { client, context, handover, changes } = await on({ ...running, ...starts });
    const progress = notBegun();
    const leave = () => Promise.resolve({ at: context.clock.now().getTime() - 30_000, forMs: 30_000 });
    await expect(handOver(context, client, handover, progress, leave)).rejects.toThrow('VM 100 was unplugged too late');
    expect(changes()).toEqual([`PUT ${NEW}/config`, `PUT ${OLD}/config`, `POST ${NEW}/status/start`]);
    expect(progress).toMatchObject({ taken: true, live: false });
  });

  it('has both on their way before it is answered, and the one before plugged in again where the other does not start', async () => {
    let answer = (): void => {};
    const asked: string[] = [];
    const { client, context, handover, changes } = await on({
      ...running,
      ...task('POST', `${NEW}/status/start`, 'qmstart', 105, 'no room'),
      [`PUT ${OLD}/config`]: (params: Record<string, unknown>) => {
        asked.push(String(params['net0']));
        return asked.length > 1 ? null : new Promise((resolve) => (answer = () => resolve(null)));
      },
    });
    const going = handOver(context, client, handover, notBegun());
    going.catch(() => undefined);
    // The signs of life are such requests, too.
    const kinds = [`PUT ${NEW}/config`, `PUT ${OLD}/config`, `POST ${NEW}/status/start`];
    await expect.poll(() => [...new Set(changes())]).toEqual(kinds);
    answer();
    await expect(going).rejects.toThrow('no room');
    expect(asked).toEqual(['virtio=BC:24:11:00:00:01,bridge=vmbr0,link_down=1', OF_THE_APP.net0]);
  });

  it.each([
    { what: 'has its cable out first', locked: false },
    { what: 'serves alone where it is being started', locked: true },
  ])('of a VM whose start was not seen to fail: it may come up yet, and $what', async ({ locked }) => {
    const puts: string[] = [];
    const { client, context, handover, stderr } = await on({
      ...running,
      'GET /nodes/pve/tasks': [],
      [`POST ${NEW}/status/start`]: () => {
        throw new ZebuError('OUTCOME_UNKNOWN', 'the answer was lost');
      },
      [`PUT ${OLD}/config`]: ({ net0 }: Record<string, unknown>) => void puts.push(`100 ${String(net0)}`),
      [`PUT ${NEW}/config`]: (params: Record<string, unknown>) => {
        const { net0 } = params;
        if (typeof net0 !== 'string') return;
        if (locked && net0.includes('link_down')) refuses(500, "can't lock file - got timeout")(params);
        puts.push(`105 ${net0}`);
      },
    });
    await expect(handOver(context, client, handover, notBegun())).rejects.toThrow('the answer was lost');
    expect(puts).toEqual([
      '105 virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
      '100 virtio=BC:24:11:00:00:01,bridge=vmbr0,link_down=1',
      ...(locked ? [] : [expect.stringMatching(/^105 .*link_down=1$/) as string, `100 ${OF_THE_APP.net0}`]),
    ]);
    if (locked) expect(stderr.text).toContain('VM 100 could not be plugged in again');
  });

  it('is over at once where the one before cannot be unplugged', async () => {
    const { client, context, handover, changes } = await on({
      ...running,
      ...starts,
      ...task('POST', `${NEW}/status/stop`, 'qmstop', 105),
      [`PUT ${OLD}/config`]: refuses(500, 'hotplug problem - no'),
    });
    await expect(handOver(context, client, handover, notBegun())).rejects.toThrow('hotplug problem');
    expect(changes()).toEqual([
      `PUT ${NEW}/config`,
      `PUT ${OLD}/config`,
      `POST ${NEW}/status/start`,
      `POST ${NEW}/status/stop`,
    ]);
  });

  it('says in whose hands the one before was, before it is taken from them, and how far it has come', async () => {
    const { client, context, handover, changes, sent } = await on({
      [`GET ${OLD}/status/current`]: { ...ON, ha: { managed: 1 } },
      'GET /cluster/ha/resources': [{ sid: 'vm:100', state: 'started' }],
      'GET /cluster/ha/resources/vm:100': { sid: 'vm:100', state: 'started' },
      'DELETE /cluster/ha/resources/vm:100': null,
      ...task('POST', `${NEW}/status/start`, 'qmstart', 105, 'no room'),
    });
    const progress = notBegun();
    await expect(handOver(context, client, handover, progress)).rejects.toThrow('no room');
    expect(changes()).toEqual([
      `PUT ${NEW}/config`,
      'DELETE /cluster/ha/resources/vm:100',
      `PUT ${NEW}/config`,
      `PUT ${OLD}/config`,
      `POST ${NEW}/status/start`,
      `PUT ${OLD}/config`,
    ]);
    expect(sent[NEW]?.map(({ description }) => saysHa(String(description)))).toEqual([true, true]);
    expect(sent[OLD]?.[0]).toMatchObject({
      tags: `${formerTags('shop')};prod`,
      onboot: 0,
      net0: expect.stringContaining('link_down=1') as string,
    });
    expect(sent[OLD]?.[0]?.['description']).toContain('Ask ann');
    // As it was.
    expect(sent[OLD]?.[1]).toEqual({
      tags: OF_THE_APP.tags,
      onboot: 0,
      net0: OF_THE_APP.net0,
      description: OF_THE_APP.description,
    });
    expect(progress).toEqual({ taken: true, started: true, live: false, ha: true });
  });

  it('is not begun while a backup has one of them', async () => {
    const { client, context, handover, changes } = await on({
      [`GET ${OLD}/status/current`]: ON,
      [`GET ${OLD}/config`]: { ...OF_THE_APP, lock: 'backup' },
    });
    await expect(handOver(context, client, handover, notBegun())).rejects.toThrow(
      'VM 100 is locked in Proxmox (backup)',
    );
    expect(changes()).toEqual([]);
    const soon = await on({ [`GET ${OLD}/config`]: inTurn({ ...OF_THE_APP, lock: 'backup' }, OF_THE_APP) });
    await onceUnlocked(soon.context, soon.client, [from, to], report);
    await expect(onceUnlocked(context, client, [from], report)).rejects.toMatchObject({ code: 'VM_NOT_READY' });
  });
});

describe('a VM that has served', () => {
  const open = {
    ...NEXT,
    tags: `${machineTags('shop', 1, { before: 100 })};prod`,
    description: 'head\n\n---\n\nAsk ann.',
  };

  it('is the one of the app as the one before was', async () => {
    const { client, context, sent } = await on({ [`GET ${NEW}/config`]: open });
    await declareServing(context, client, 'shop', to, from);
    expect(sent[NEW]).toEqual([
      { tags: 'zebu;zebu-app-shop;zebu-machine-1;prod', description: 'Ask ann.', onboot: 1, protection: 1 },
    ]);
  });

  it('is not given up because it cannot be marked so', async () => {
    const { client, context, stderr } = await on({
      [`GET ${NEW}/config`]: open,
      [`PUT ${NEW}/config`]: refuses(500, 'VM is locked (backup)'),
    });
    await declareServing(context, client, 'shop', to, from);
    expect(stderr.text).toContain('VM 105 serves, but is still marked as one that has not');
  });
});

describe('going back', () => {
  const former = { ...OF_THE_APP, tags: `${formerTags('shop')};prod`, description: formerNote('shop', 105, MINE) };
  const current = { ...NEXT, tags: machineTags('shop', 1), description: ownNote('shop'), lock: undefined };
  const answers = {
    'GET /cluster/resources': [row(100, former.tags), row(105, current.tags)],
    [`GET ${OLD}/config`]: former,
    [`GET ${NEW}/config`]: { name: 'shop', tags: current.tags, description: current.description, net0: current.net0 },
    ...task('POST', `${OLD}/status/start`, 'qmstart', 100, 'no room'),
  };

  it('makes the one before the latest with one request, so that whoever is killed after it leaves no doubt', async () => {
    const { client, context, sent } = await on(answers);
    await expect(putBack(context, client, { app: 'shop', from, to }, 'former')).rejects.toThrow('no room');
    expect(sent[OLD]?.[0]).toMatchObject({
      tags: `${machineTags('shop', 2, { before: 105 })};prod`,
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
      digest: 'd-old',
    });
    expect(lastingNote('shop', String(sent[OLD]?.[0]?.['description']), true)).toBe(MINE);
    expect(sent[NEW]?.[0]).toMatchObject({ tags: formerTags('shop'), onboot: 0 });
    expect(sent[NEW]?.[0]?.['net0']).toContain('link_down=1');
    // It did not start: the other is plugged in again.
    expect(sent[NEW]?.[1]).toMatchObject({ tags: current.tags, net0: current.net0 });
  });

  it('plugs it in where it runs, unplugged', async () => {
    const unplugged = { ...former, net0: `${former.net0},link_down=1` };
    const { client, context, sent, changes } = await on({
      ...answers,
      ...running,
      [`GET ${OLD}/config`]: unplugged,
      // Then nothing of it is reached here.
      [`GET ${OLD}/agent/network-get-interfaces`]: refuses(500, 'QEMU guest agent is not running'),
    });
    await expect(putBack(context, client, { app: 'shop', from, to }, 'former')).rejects.toThrow();
    expect(changes().slice(0, 3)).toEqual([`PUT ${OLD}/config`, `PUT ${NEW}/config`, `PUT ${OLD}/config`]);
    expect(sent[OLD]?.[0]).not.toHaveProperty('net0');
    expect(sent[OLD]?.[1]).toEqual({ net0: former.net0 });
  });

  it('is refused where somebody else has just gone back', async () => {
    const { client, context, changes } = await on({
      ...answers,
      [`GET ${OLD}/config`]: inTurn(former, { ...former, tags: machineTags('shop', 2, { before: 105 }) }),
    });
    await expect(putBack(context, client, { app: 'shop', from, to }, 'former')).rejects.toMatchObject({
      code: 'LOCK_HELD',
    });
    expect(changes()).toEqual([]);
  });

  it('is refused before anything is stopped where a tag could not be given, or a VM is locked', async () => {
    const options = { 'user-tag-access': 'user-allow=list,user-allow-list=zebu;zebu-app-shop' };
    const narrow = await on({ ...answers, 'GET /cluster/options': options });
    await expect(rebuildBack(narrow.context, yes, 0)).rejects.toMatchObject({ code: 'PROXMOX_FORBIDDEN' });
    const locked = await on({ ...answers, [`GET ${OLD}/config`]: { ...former, lock: 'backup' } });
    await expect(rebuildBack(locked.context, yes, 0)).rejects.toThrow('VM 100 is locked');
    expect([...narrow.changes(), ...locked.changes()]).toEqual([]);
  });

  it('is refused where several say that they are kept, or are the one of the app', async () => {
    const clone = [row(100, former.tags), row(107, former.tags), row(105, current.tags)];
    const cloned = await on({ ...answers, 'GET /cluster/resources': clone });
    await expect(rebuildBack(cloned.context, yes, 0)).rejects.toThrow('100, 107');
    await expect(forgetFormer(cloned.context, yes)).rejects.toMatchObject({ code: 'VM_DIFFERS' });
    const restored = [row(100, former.tags), row(107, 'zebu;zebu-app-shop'), row(105, current.tags)];
    const both = await on({
      ...answers,
      'GET /cluster/resources': restored,
      'GET /nodes/pve/qemu/107/config': { name: 'shop', tags: 'zebu;zebu-app-shop' },
    });
    await expect(rebuildBack(both.context, yes, 0)).rejects.toThrow('several VMs of the app shop');
    expect(both.changes()).toEqual([]);
  });

  it('is possible where the new one is gone', async () => {
    const gone = await on({ ...answers, 'GET /cluster/resources': [row(100, former.tags)] });
    await expect(putBack(gone.context, gone.client, { app: 'shop', from, to: undefined }, 'former')).rejects.toThrow(
      'no room',
    );
    expect(gone.sent[OLD]?.[0]).toMatchObject({ tags: 'zebu;zebu-app-shop;zebu-machine-1;prod' });
    const asked: string[] = [];
    const refused = (what: string): Promise<boolean> => {
      asked.push(what);
      return Promise.reject(new ZebuError('USAGE', 'no'));
    };
    await expect(rebuildBack(gone.context, refused, 0)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(forgetFormer(gone.context, refused)).rejects.toMatchObject({ code: 'USAGE' });
    expect(asked[0]).toContain('serves shop from VM 100 again');
    expect(asked[1]).toContain('the app has no other VM');
  });

  it('is over when the one before is forgotten, also where it is protected', async () => {
    const { context, changes, sent } = await on({ ...answers, ...task('DELETE', OLD, 'qmdestroy', 100) });
    expect(await forgetFormer(context, yes)).toMatchObject({ from: { vmid: 100 }, to: { vmid: 105 } });
    expect(changes()).toEqual([`PUT ${OLD}/config`, `DELETE ${OLD}`]);
    expect(sent[OLD]).toEqual([{ protection: 0 }]);
  });
});

describe('a handover that was begun', () => {
  const taken = machineTags('shop', 1, { before: 100 });
  const rows = { 'GET /cluster/resources': [row(100, OF_THE_APP.tags), row(105, taken)] };
  const noted = (beat: number, machine = 'abcdef') => ({
    ...NEXT,
    tags: taken,
    description: handoverNote(
      {
        ...newNote(fakeProxmox({}).context, 'rebuild', 'VM 100'),
        maker: { machine, pid: 2 ** 22 + 1 },
        beat,
      },
      { before: 100, ha: true, rest: MINE },
    ),
  });

  it('is of the VM it names, and of no other that has the tag of the app', async () => {
    const { client } = await on({ ...rows, [`GET ${NEW}/config`]: noted(1) });
    const { current, behind } = await readStand(client, 'shop');
    expect([current?.vmid, behind.map(({ vmid }) => vmid)]).toEqual([105, [100]]);
  });

  it('is left to whoever is at it', async () => {
    const { client, context, changes } = await on({
      ...rows,
      [`GET ${NEW}/config`]: inTurn(noted(1), noted(1), noted(1), noted(2)),
    });
    await expect(settle(context, client)).rejects.toMatchObject({ code: 'LOCK_HELD' });
    const other = await on({
      ...rows,
      [`GET ${NEW}/config`]: inTurn(noted(1), noted(1), noted(1), noted(2)),
    });
    await expect(rebuildBack(other.context, yes, 0)).rejects.toMatchObject({ code: 'LOCK_HELD' });
    expect([...changes(), ...other.changes()]).toEqual([]);
  });

  it('is not undone by itself where the VM ran already: it may have what clients have written since', async () => {
    const ended = noted(1, thisMaker().machine);
    const { client, context, changes } = await on({
      'GET /cluster/resources': [row(100, formerTags('shop')), row(105, taken, ON)],
      [`GET ${NEW}/config`]: ended,
      [`GET ${NEW}/status/current`]: ON,
    });
    // The connection of its own that a handover has leads nowhere here.
    await expect(settle(context, client)).rejects.toMatchObject({
      code: 'REBUILD_UNHEALTHY',
      hint: expect.stringContaining('VM 100 was not put back') as string,
    });
    expect(changes()).toEqual([]);
  });

  it.each([
    ['one that was being made', false, { tags: `${copyTags('shop', 'rebuild')};prod` }],
    ['one that was kept', true, { tags: `${formerTags('shop')};prod`, onboot: 0 }],
  ])('is undone where both have not changed places yet: %s is that again', async (_, kept, tags) => {
    const note = { ...newNote(fakeProxmox({}).context, 'rebuild', 'VM 100'), beat: 7 };
    const taker = {
      ...NEXT,
      tags: `${taken};prod`,
      description: handoverNote(note, { before: 100, ha: false, kept, rest: MINE }),
    };
    const { client, context, sent } = await on({ [`GET ${NEW}/config`]: taker });
    await undoTaking(context, client, to, from);
    expect(sent[NEW]?.[0]).toMatchObject({ ...tags, net0: expect.stringContaining('link_down=1') as string });
    const description = String(sent[NEW]?.[0]?.['description']);
    // Whoever made it is who made it.
    if (!kept) expect(readNote(description)).toEqual({ maker: note.maker, beat: 7, kept: false });
    if (kept) expect(lastingNote('shop', description, true)).toBe(MINE);
    const open = await on({ ...rows, ...running, [`GET ${NEW}/config`]: taker });
    expect(await foreseen(open.context, open.client)).toEqual([
      'See that the app runs in VM 100',
      ...(kept ? [] : ['Remove VM 105, which a rebuild has left', 'Begin anew']),
    ]);
  });

  it('is told by --dry-run, and not touched', async () => {
    const { client, context, changes } = await on({ ...rows, [`GET ${NEW}/config`]: noted(1) });
    expect((await foreseen(context, client))?.[0]).toContain('start VM 105, and judge it');
    const before = await on({});
    expect(await foreseen(before.context, before.client)).toEqual([
      'Start VM 100 again, which a rebuild had shut down',
      'See that the app runs in VM 100',
      'Remove VM 105, which a rebuild has left',
      'Begin anew',
    ]);
    expect([...changes(), ...before.changes()]).toEqual([]);
  });
});

describe('a VM that a backup has started, stopped before its first step', () => {
  const HALTED = { status: 'running', qmpstatus: 'prelaunch' };

  it('is started once the backup has let it go', async () => {
    const { client, context, changes } = await on({
      [`GET ${OLD}/status/current`]: inTurn(HALTED, HALTED, OFF),
      ...task('POST', `${OLD}/status/start`, 'qmstart', 100),
    });
    await turnOn(context, client, from, report);
    expect(changes()).toEqual([`POST ${OLD}/status/start`]);
  });

  it('is not taken for one that runs', async () => {
    const { client, context, changes } = await on({ [`GET ${OLD}/status/current`]: HALTED });
    await expect(turnOn(context, client, from, report)).rejects.toMatchObject({ code: 'VM_NOT_READY' });
    expect(changes()).toEqual([]);
  });
});
