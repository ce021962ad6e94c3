import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCopy, type CopyPlan, type CopyTimes } from '../../../src/lib/copies/copy.js';
import { BEAT_MS } from '../../../src/lib/temporary/heartbeat.js';
import { thisMaker } from '../../../src/lib/temporary/maker.js';
import { readMemos } from '../../../src/lib/temporary/memo.js';
import { readNote, writeNote, type CopyNote } from '../../../src/lib/temporary/note.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { fakeProxmox, refuses } from '../../support/fake-proxmox.js';

const VM = '/nodes/pve/qemu/105';
const upid = (type: string) => `UPID:pve:000008BE:000FF00C:6B0B31C1:${type}:105:zebu@pve!cli:`;
const task = (type: string) => ({
  [`GET /nodes/pve/tasks/${upid(type)}/status`]: { upid: upid(type), type, status: 'stopped', exitstatus: 'OK' },
});
const NOTE: CopyNote = {
  app: 'shop',
  kind: 'rehearsal',
  source: 'VM 100 as it ran',
  why: 'to rehearse a release on its data',
  who: 'ann',
  from: 'laptop',
  since: '2026-11-29T18:00:00Z',
  kept: false,
  maker: thisMaker(),
  beat: 0,
};
const REMOVED = [`POST ${VM}/status/stop`, `DELETE ${VM}`];

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'zebu-copies-'))));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

/** @param beatMs how long Proxmox takes to write a note that says that its maker lives */
async function on(answers: Readonly<Record<string, unknown>> = {}, beatMs = 0) {
  const config: Record<string, unknown> = {
    name: 'zebu-copy-of-shop',
    tags: 'zebu-copy;zebu-rehearsal-shop',
    onboot: 0,
    description: writeNote(NOTE),
  };
  const fake = fakeProxmox({
    [`POST ${VM}`]: upid('qmrestore'),
    'GET /nodes/pve/tasks': [],
    ...task('qmrestore'),
    [`GET ${VM}/config`]: () => config,
    [`PUT ${VM}/config`]: async ({ description }: Readonly<Record<string, unknown>>) => {
      if (readNote(String(description))?.kept === false) await fake.clock.sleep(beatMs);
      config['description'] = description;
      return null;
    },
    [`POST ${VM}/status/start`]: upid('qmstart'),
    ...task('qmstart'),
    [`GET ${VM}/status/current`]: { status: 'running' },
    [`GET ${VM}/agent/network-get-interfaces`]: { result: [] },
    [`POST ${VM}/status/stop`]: upid('qmstop'),
    ...task('qmstop'),
    [`DELETE ${VM}`]: upid('qmdestroy'),
    ...task('qmdestroy'),
    ...answers,
  });
  const context = { ...fake.context, stateDir };
  const client = await makeClient(fake.transport, context.io);
  const plan: CopyPlan = {
    kind: 'rehearsal',
    client,
    place: { node: toNodeName('pve'), vmid: toVmid(105) },
    note: NOTE,
    originalMacs: new Set(),
    make: {
      title: 'Restore it',
      type: 'qmrestore',
      taskVmid: toVmid(105),
      label: 'restoring',
      send: () => client.request('POST', VM),
    },
    set: () => ({}),
  };
  const times: CopyTimes = { make: null, boot: null };
  return { ...fake, context, plan, times, note: () => readNote(String(config['description'])) };
}
const changes = (asked: readonly string[]): readonly string[] =>
  asked.filter((line) => !/^(GET|PUT) /.test(line)).slice(2);

describe('a copy', () => {
  it('is removed once it was used', async () => {
    const { context, plan, times, asked } = await on();
    expect(await withCopy(context, plan, times, { use: async () => 'used' })).toBe('used');
    expect(changes(asked)).toEqual(REMOVED);
    expect(times).toEqual({ make: expect.any(Number) as number, boot: expect.any(Number) as number });
    expect(await readMemos(context, 'rehearsal')).toEqual([]);
  });

  it('is marked as left for a look behind the last sign of life, which may take its time', async () => {
    const { context, plan, times, asked, note, clock } = await on({}, 8000);
    await withCopy(context, plan, times, { use: () => clock.sleep(BEAT_MS + 1000), keep: () => true });
    await clock.sleep(60_000);
    expect(note()).toMatchObject({ kept: true });
    expect(changes(asked)).toEqual([]);
    expect(asked.filter((line) => line === `PUT ${VM}/config`).length).toBe(2);
    expect(await readMemos(context, 'rehearsal')).toEqual([]);
  });

  it('is left also where what was to be done in it failed, for that is what is to be looked at', async () => {
    const { context, plan, times, asked, note } = await on();
    const use = (): Promise<never> => Promise.reject(new Error('does not come up'));
    await expect(withCopy(context, plan, times, { use, keep: () => true })).rejects.toThrow('does not come up');
    expect(note()).toMatchObject({ kept: true });
    expect(changes(asked)).toEqual([]);
    const other = await on();
    await expect(withCopy(other.context, other.plan, other.times, { use })).rejects.toThrow('does not come up');
    expect(changes(other.asked)).toEqual(REMOVED);
  });

  it('is removed where it could not be marked', async () => {
    const { context, plan, times, asked } = await on({ [`PUT ${VM}/config`]: refuses(500, 'no quorum') });
    const use = { use: async () => {}, keep: () => true };
    await expect(withCopy(context, plan, times, use)).rejects.toMatchObject({ code: 'PROXMOX_REFUSED' });
    expect(changes(asked)).toEqual(REMOVED);
  });

  it('has not booted as long as its agent is silent, although Proxmox has started it', async () => {
    const silent = { [`GET ${VM}/agent/network-get-interfaces`]: refuses(500, 'QEMU guest agent is not running') };
    const { context, plan, times } = await on(silent);
    await expect(withCopy(context, plan, times, { use: async () => {} })).rejects.toMatchObject({
      code: 'VM_NOT_READY',
    });
    expect(times).toEqual({ make: expect.any(Number) as number, boot: null });
  });
});
