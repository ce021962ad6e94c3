import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

interface Diff {
  readonly drift: readonly { readonly key: string; readonly change: string }[];
}

interface Applied {
  readonly needsRestart: readonly string[];
  readonly restarted: boolean;
}

describe('drift', () => {
  let project: Project;
  let created: { readonly hostKeys: readonly string[] };
  const diff = (...flags: readonly string[]): Promise<Diff> => project.json<Diff>(['vm:diff', ...flags]);

  beforeAll(async () => {
    project = makeProject({ lab: theLab(), app: 'restart', transport: 'api' });
    created = await project.json(['vm:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('that needs a restart says so, waits, and takes effect with --restart', async () => {
    const wish = ['--set', 'vm.cores=3', '--set', 'vm.network.nameservers=[192.0.2.53]'];
    const waiting = await project.json<Applied>(['vm:apply', ...wish]);
    expect(waiting).toMatchObject({ restarted: false, needsRestart: ['vm.cores', 'vm.network.nameservers'] });
    const between = await diff(...wish);
    expect(between.drift.map(({ key, change }) => [key, change])).toEqual([
      ['vm.cores', 'restart'],
      ['vm.network.nameservers', 'restart'],
    ]);
    expect(await project.json<Applied>(['vm:apply', '--restart', ...wish])).toMatchObject({ restarted: true });
    expect((await diff(...wish)).drift).toEqual([]);
    // cloud-init ran again with new settings, and the VM is still the one that is pinned.
    expect(
      (await project.json<{ stdout: string }>(['vm:ssh', '--', 'cat', '/etc/ssh/ssh_host_ed25519_key.pub'])).stdout,
    ).toContain(created.hostKeys[0]);
  });
});
