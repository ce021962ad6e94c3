/** Rebuilds that are killed at each step; those that go well, and trouble: test/integration/vm. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killZebu } from '../../support/cli.js';
import { theLab } from '../../support/lab.js';
import { RebuiltApp, servedAt } from '../../support/rebuilt-app.js';

/** How often each step is killed at. */
const ROUNDS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 3);

let app: RebuiltApp;
let ip: string;
let rows: string;

beforeAll(async () => {
  app = await RebuiltApp.make(theLab(), 'killed');
  ({ ip } = await app.current());
  rows = await app.rows();
}, 600_000);
afterAll(() => app.remove());

/** Machines that are on and plugged in, by the address of their card. */
async function onTheNetwork(): Promise<readonly string[]> {
  const running = (await app.machines()).filter(({ status }) => status === 'running');
  const configs = await Promise.all(
    running.map(({ vmid }) => app.config(vmid).catch((): Readonly<Record<string, string>> => ({}))),
  );
  return configs.flatMap(({ net0 = '' }) =>
    net0.includes('link_down=1') ? [] : [/([0-9A-F]{2}:){5}[0-9A-F]{2}/i.exec(net0)?.[0] ?? ''],
  );
}

/** Within so many seconds somebody serves, without anybody doing anything. */
async function servesBy(seconds: number): Promise<string | undefined> {
  for (let waited = 0; waited < seconds; waited++) {
    const served = await servedAt(ip);
    if (served !== undefined) return served;
    await sleep(1000);
  }
  return undefined;
}

/** Steps in whose middle the old machine is there, and serves by itself again. */
const BEFORE = [
  '- Create VM',
  '- Import the disk',
  '- Log in as',
  '- Prove Docker',
  '- Keep others from deploying',
  '- Bring the data over',
  '- Bring the images over',
  '- Stop the app',
  '- Bring over what has changed',
  '- Start the release',
] as const;

/** Before both change places, just then, and after. */
const HANDING_OVER = ['- Shut down VM', '- Unplug VM', 'with the address\n  ok'] as const;

/** The old one is kept by then, as after one that has come to its end. */
const SERVING = '- Let it do by itself';

const rounds = Array.from({ length: ROUNDS }, (_, round) => round + 1);

const off = async (): Promise<readonly string[]> =>
  (await app.machines()).filter(({ status }) => status !== 'running').map(({ tags = '' }) => tags);

describe.each([...BEFORE, ...HANDING_OVER, SERVING])('killed at "%s"', (text) => {
  it.each(rounds)(
    'leaves one machine that serves, and the next run has it rebuilt (%i)',
    async () => {
      expect(await killZebu(['vm:rebuild'], { cwd: app.project.folder, env: app.project.env }, [text])).toBe(text);
      const there = await onTheNetwork();
      expect(new Set(there).size).toBe(there.length);
      expect(await servesBy(100)).toBe('v2');
      // One, whatever there is besides.
      await app.current();
      if (text === SERVING) await app.rebuild('--forget', '--yes');
      const result = await app.rebuild();
      expect(result.verdict).toBe('live');
      expect(await servedAt(ip)).toBe('v2');
      expect(await app.current()).toMatchObject({ vmid: result.to?.vmid, ip });
      expect(await app.rows()).toBe(rows);
      const after = await onTheNetwork();
      expect(after.length).toBe(1);
      expect((await off()).every((tags) => tags.includes('zebu-former'))).toBe(true);
      await app.rebuild('--forget', '--yes');
      expect((await app.machines()).map(({ vmid }) => vmid)).toEqual([result.to?.vmid]);
    },
    400_000,
  );
});

describe.each(['- Stop the app', '- Unplug VM', 'serve again\n  ok', '- Start the app in it'])(
  'going back, killed at "%s"',
  (text) => {
    it.each(rounds)(
      'leaves one machine that serves (%i)',
      async () => {
        await app.rebuild();
        const back = ['vm:rebuild', '--back', '--yes'];
        expect(await killZebu(back, { cwd: app.project.folder, env: app.project.env }, [text])).toBe(text);
        const there = await onTheNetwork();
        expect(new Set(there).size).toBe(there.length);
        expect(await servesBy(100)).toBe('v2');
        const next = await app.project.zebu(['vm:rebuild', '--json']);
        // Where it is not gone on with, it is refused, as one is kept.
        expect([0, 6]).toContain(next.code);
        expect(await servedAt(ip)).toBe('v2');
        expect(await app.rows()).toBe(rows);
        expect((await onTheNetwork()).length).toBe(1);
        expect(await off()).toEqual([expect.stringContaining('zebu-former')]);
        const { vmid } = await app.current();
        await app.rebuild('--forget', '--yes');
        expect((await app.machines()).map((each) => each.vmid)).toEqual([vmid]);
      },
      400_000,
    );
  },
);

describe('a new VM that somebody has destroyed', () => {
  it('is followed by the old one, which serves again', async () => {
    const { vmid } = await app.current();
    const rebuilt = await app.rebuild();
    await app.project.json(['vm:destroy', '--yes']);
    expect(await servedAt(ip)).toBeUndefined();
    expect(await app.rebuild('--back', '--yes')).toMatchObject({
      verdict: 'live',
      from: null,
      to: { vmid },
      kept: null,
    });
    expect(await servedAt(ip)).toBe('v2');
    expect((await app.machines()).map((each) => each.vmid)).toEqual([vmid]);
    expect(rebuilt.to?.vmid).not.toBe(vmid);
  }, 400_000);
});
