import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programsStarted } from '../../support/accounting.js';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

/** How many there are says how long it waited; and what asks the kernel to count. */
const NOT_COUNTED = /^(sleep|sshd.*|sudo)$/;

/** A tenth more than there were when this was written: 58 where a file has changed, 44 where nothing has. */
const MOST = { changed: 64, unchanged: 49 };
/** The same where a hook before the build puts a file beside the commit, which is looked at: 70 and 57, with what the hook itself starts. */
const HOOKED = { changed: 77, unchanged: 63 };

/** Kept are so many: each deploy from then on removes one. */
const KEEP = 2;

// A program that is started costs a millisecond, and a deploy does its work one after another: what is counted here is time.
describe('a deploy of a small app', { timeout: 600_000 }, () => {
  let project: Project;
  let guest: Shell;
  let number = 0;

  const release = (): string => {
    const tag = `v${++number}`;
    project.write('www/index.html', `${tag}\n`);
    project.release(tag);
    return tag;
  };
  const deploy = (tag: string): Promise<unknown> => project.json(['app:deploy', '--tag', tag]);
  /** How many programs it started in the VM, and which, most often first. */
  const started = async (tag: string): Promise<{ all: number; each: string }> => {
    const counts = Object.entries(await programsStarted(guest, () => deploy(tag))).filter(
      ([name]) => !NOT_COUNTED.test(name),
    );
    return {
      all: counts.reduce((sum, [, count]) => sum + count, 0),
      each: counts
        .toSorted(([, one], [, other]) => other - one)
        .map(([name, count]) => `${count} ${name}`)
        .join(', '),
    };
  };
  const expectAtMost = async (tag: string, most: number): Promise<void> => {
    const { all, each } = await started(tag);
    expect(all, each).toBeLessThanOrEqual(most);
    // Much less, and the bound is none any more; nothing, and nothing was counted.
    expect(all, each).toBeGreaterThan(most / 2);
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'starts',
      files: {
        'compose.yml': 'services:\n  web:\n    build: .\n    init: true\n    stop_grace_period: 1s\n',
        Dockerfile: 'FROM base:1\nCOPY www made* /www/\nCMD ["/bin/busybox", "httpd", "-f", "-h", "/www"]\n',
        '.gitignore': 'made\n',
      },
      config: { deploy: { keep: KEEP, stability: 0 } },
    });
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
    for (let times = 0; times <= KEEP; times++) await deploy(release());
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('starts no more programs in the VM than it has to, where a file has changed', () =>
    expectAtMost(release(), MOST.changed));

  it('starts much fewer where nothing has changed', () => expectAtMost(`v${number}`, MOST.unchanged));

  it('starts some more for a hook, and to look at what it has left', async () => {
    project.write('.zebu/hooks/pre-build', '#!/bin/sh\ncp Dockerfile made\n', 0o755);
    for (let times = 0; times <= KEEP; times++) await deploy(release());
    await expectAtMost(release(), HOOKED.changed);
    await expectAtMost(`v${number}`, HOOKED.unchanged);
  });
});
