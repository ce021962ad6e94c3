import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { Followed } from '../../../src/lib/runs/results.js';
import type { DeployResult } from '../../../src/lib/deploy/results.js';
import type { Pruned, Release } from '../../../src/lib/app/results.js';
import type { AppStatus } from '../../../src/lib/app-folder/results.js';
import { clockAhead } from '../../support/client-clock.js';
import type { Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const DAY = 86_400;

describe('laptops whose clocks are days apart, deploying in turns', { timeout: 600_000 }, () => {
  let project: Project;
  const right = {};
  const ahead = { env: clockAhead(DAY) };
  const behind = { env: clockAhead(-DAY) };
  const ids = new Map<string, string>();

  const deploy = async (tag: string, client: { readonly env?: Readonly<Record<string, string>> }): Promise<void> => {
    version(project, tag);
    const { release } = await project.json<DeployResult>(['app:deploy', '--tag', tag], client);
    ids.set(tag, release);
  };
  const list = async (): Promise<readonly Release[]> =>
    (await project.json<{ readonly releases: readonly Release[] }>(['app:releases'], right)).releases;
  const live = async (): Promise<string | null> => (await project.json<AppStatus>(['app:status'])).release;

  beforeAll(async () => {
    project = tinyApp({ lab: theLab(), app: 'order', config: { deploy: { keep: 4, stability: 1, timeout: 60 } } });
    await project.json(['vm:create']);
    await deploy('v1', right);
    await deploy('v2', ahead);
    await deploy('v3', behind);
    await deploy('v4', right);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('name their releases by their clocks', () => {
    for (const id of ids.values()) expect(id).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{7}$/);
    expect([...ids.values()].toSorted()).toEqual(['v3', 'v1', 'v4', 'v2'].map((tag) => ids.get(tag)));
  });

  it('have them listed as they came', async () => {
    expect((await list()).map(({ ref }) => ref)).toEqual(['v4', 'v3', 'v2', 'v1']);
  });

  it('go back to the one before, whoever asks, and follow the newest journal', async () => {
    for (const [client, expected] of [
      [ahead, 'v3'],
      [behind, 'v2'],
      [right, 'v1'],
    ] as const) {
      const { release } = await project.json<DeployResult>(['app:rollback'], client);
      expect(release).toBe(ids.get(expected));
      expect(await live()).toBe(release);
      const [newest] = await list();
      expect(newest).toMatchObject({ id: release, mode: 'rollback' });
      expect((await project.json<Followed>(['app:follow'])).run).toBe(newest?.run);
    }
    expect(await refusal(project, ['app:rollback'])).toMatchObject({
      message: 'There is no earlier release to go back to',
    });
  });

  it('lose the oldest, and never what is live', async () => {
    // v1 is live, and the oldest; of the others the newest two stay.
    const { removed } = await project.json<Pruned>(['app:prune', '--keep', '3'], ahead);
    expect(removed).toEqual([ids.get('v2')]);
    await deploy('v5', behind);
    expect((await project.json<Followed>(['app:follow'])).run).toBe(ids.get('v5'));
    // v2 to v4 were gone back from: what was live before v5 is v1.
    expect((await project.json<DeployResult>(['app:rollback'], ahead)).release).toBe(ids.get('v1'));
    const { removed: older } = await project.json<Pruned>(['app:prune', '--keep', '2'], behind);
    // v1, which is live, and the newest of the others stay.
    expect(older).toEqual([ids.get('v4'), ids.get('v3')]);
    expect(await live()).toBe(ids.get('v1'));
  });

  it('refuse a name that a clock which stands still makes again', async () => {
    const frozen = `globalThis.Date = class Date extends globalThis.Date {
  constructor(...given) {
    if (given.length === 0) super('2026-11-20T10:00:00Z');
    else super(...given);
  }
};`;
    const client = { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(frozen)}` } };
    const first = await project.json<DeployResult>(['app:deploy', '--tag', 'v5'], client);
    expect(first.release).toMatch(/^20261120T100000Z-/);
    expect(await refusal(project, ['app:deploy', '--tag', 'v5'], client)).toMatchObject({
      code: 'LOCK_HELD',
      exit: 6,
      message: `There is a run named ${first.release} in the VM already; nothing was changed`,
    });
    expect(await live()).toBe(first.release);
    expect((await project.json<DeployResult>(['app:rollback'], right)).release).toBe(ids.get('v1'));
  });
});
