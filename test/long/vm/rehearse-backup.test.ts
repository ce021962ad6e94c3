/** Rehearsals in a backup that are killed or interrupted, and what is left then. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { killZebu, zebu } from '../../support/cli.js';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { RehearsedApp } from '../../support/rehearsed-app.js';

let app: RehearsedApp;
/** One that somebody has made. */
let theirs: string;

beforeAll(async () => {
  app = await RehearsedApp.make(theLab());
  app.migration('v3', 'true\n');
  theirs = await app.backUp();
}, 600_000);
afterEach(() => app.expectAlone(theirs));
afterAll(() => app.remove(theirs));

const listed = async (): Promise<readonly string[]> =>
  (await app.project.json<{ list: { backup: string }[] }>(['vm:backup:list'])).list.map(({ backup }) => backup);

describe('app:rehearse --source backup', () => {
  it.each([
    ['vzdump', 'Back up VM'],
    ['qmrestore', 'Restore local:backup/'],
    ['qmstart', 'Start it'],
  ])('killed during %s, leaves what counts as nobody’s backup, and the next run removes it', async (task, text) => {
    await fault(app.lab, { kind: 'delay-task', task, ms: 4000 });
    const args = ['app:rehearse', '--tag', 'v3', '--source', 'backup'];
    const { folder: cwd, env } = app.project;
    expect(await killZebu(args, { cwd, env }, [`- ${text}`])).toBe(`- ${text}`);
    expect(await listed()).toEqual([theirs]);
    if (task !== 'vzdump') {
      expect((await app.backups()).length).toBe(2);
      const { checks } = await app.project.json<{ checks: { id: string; detail: string }[] }>(['doctor']);
      expect(checks.find(({ id }) => id === 'proof')?.detail).toMatch(/a (run|rehearsal) that was killed has left a /);
    }
    expect((await app.project.zebu(['app:rehearse', '--clean'])).code).toBe(0);
  });

  it.each([
    ['vzdump', 'Back up VM'],
    ['qmrestore', 'Restore local:backup/'],
  ])('leaves nothing after Ctrl-C during %s', async (task, text) => {
    await fault(app.lab, { kind: 'delay-task', task, ms: 2500 });
    const { folder: cwd, env } = app.project;
    let told = false;
    const run = await zebu(['app:rehearse', '--tag', 'v3', '--source', 'backup'], {
      cwd,
      env,
      onStderr: (said, pid) => {
        if (told || !said.includes(`- ${text}`)) return;
        told = true;
        setTimeout(() => process.kill(pid, 'SIGINT'), 700);
      },
    });
    expect(run.code).not.toBe(0);
    expect(run.stderr).not.toContain('could not be removed');
    expect(told).toBe(true);
  });
});
