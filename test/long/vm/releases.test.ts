/**
 * The default path, over SSH with the community script, on each release that zebu is made for: from nothing, killed in the
 * middle and run again, then once more. Also where pvesh dies on some methods, and where nothing but pvesh is left.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheImage, fromScript, leftOnHost, standIn } from '../../support/community-script.js';
import { killZebu } from '../../support/cli.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import { makeProject, type Project } from '../../support/project.js';
import { keyWithoutForwarding } from '../../support/transports.js';

interface Case {
  readonly name: string;
  readonly flags: readonly string[];
  /** sshd forwards nothing. */
  readonly pveshOnly?: boolean;
}

const CASES: readonly Case[] = [
  { name: '8.4', flags: ['--pve', '8.4'] },
  { name: '9.2', flags: ['--pve', '9.2'] },
  { name: '9.2, whose pvesh dies on some methods', flags: ['--pve', '9.2', '--pvesh-regression'] },
  { name: '8.4, through pvesh alone', flags: ['--pve', '8.4'], pveshOnly: true },
  { name: '9.2, through pvesh alone', flags: ['--pve', '9.2'], pveshOnly: true },
];

describe.each(CASES)('vm:create on Proxmox VE $name', { timeout: 900_000 }, ({ flags, pveshOnly }) => {
  let own: OwnLab;
  let project: Project;
  let images: readonly string[];

  beforeAll(async () => {
    own = await ownLab('releases', ...flags);
    cacheImage(own.report);
    const proxmox = pveshOnly === true ? { identity_file: keyWithoutForwarding(own.report) } : {};
    project = makeProject({ lab: own.report, app: 'releases', config: { proxmox, vm: fromScript } });
    standIn(project);
    images = leftOnHost(own.report);
  });
  afterAll(async () => {
    project.remove();
    await own.down();
  });

  it('is killed in the middle, and goes on', async () => {
    const at = '- Grow the disk';
    expect(await killZebu(['vm:create'], { cwd: project.folder, env: project.env }, [at])).toBe(at);
    const made = await project.json<{ vmid: number; drift: readonly unknown[] }>(['vm:create']);
    expect(made).toMatchObject({ changed: true, drift: [] });
    expect(leftOnHost(own.report).filter((name) => !images.includes(name))).toEqual([`images/${made.vmid}`]);
  });

  it('has nothing to do the second time, and differs in nothing', async () => {
    expect(await project.json(['vm:create'])).toMatchObject({ changed: false });
    expect((await project.zebu(['vm:diff', '--exit-code'])).code).toBe(0);
  });

  it('is removed, and made from nothing without a kill', async () => {
    await project.json(['vm:destroy', '--yes']);
    expect(await project.json(['vm:create'])).toMatchObject({ changed: true, drift: [] });
    await project.json(['vm:destroy', '--yes']);
  });
});
