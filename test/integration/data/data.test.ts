import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { ReleaseRecord } from '../../../src/lib/app-folder/history.js';
import type { DataList, DataRestored, Dumped } from '../../../src/lib/data/results.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const APP = 'data-tiny';
const BASE = `/opt/zebu/${APP}`;
const BUSYBOX = '/bin/busybox';

describe('dumps of the data', () => {
  let project: Project;
  let guest: Shell;

  const inStore = (...argv: readonly string[]): string =>
    guest.run(
      `docker exec $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=store) ${BUSYBOX} ${argv.join(' ')}`,
    );
  const rows = (): string => inStore('cat', '/data/rows');
  const write = (text: string): void => void inStore('sh', '-c', `'echo ${text} >/data/rows'`);
  const newest = (): ReleaseRecord => JSON.parse(guest.run(`tail -n 1 ${BASE}/releases.jsonl`)) as ReleaseRecord;
  const nothingLeft = (): void =>
    expect(
      guest.run(
        `sudo find /var/lib/docker/volumes -maxdepth 2 -name '*.zebu-*'; cd ${BASE} && ls -d data/making data/restore data/aside transaction 2>/dev/null; true`,
      ),
    ).toBe('');
  const AS_FOLDER = ['--env', 'folder'];

  beforeAll(async () => {
    project = tinyApp({
      lab: theLab(),
      app: APP,
      config: {
        deploy: { stability: 1, timeout: 60 },
        secrets: { TOKEN: {}, RESTIC_REPOSITORY: { required: false }, RESTIC_PASSWORD: { required: false } },
        data: {
          stores: {
            rows: {
              service: 'store',
              dump: [BUSYBOX, 'cat', '/data/rows'],
              restore: [BUSYBOX, 'sh', '-c', `${BUSYBOX} cat >/data/rows; ${BUSYBOX} grep -q -v broken /data/rows`],
            },
          },
        },
      },
    });
    project.write('zebu.folder.yml', 'data: { volumes: [data] }\n');
    project.write('zebu.off.yml', 'data: { offsite: { repository: RESTIC_REPOSITORY, password: RESTIC_PASSWORD } }\n');
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    version(project, 'v1');
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('are refused where nothing was deployed yet', async () => {
    expect(await refusal(project, ['data:dump'])).toMatchObject({ code: 'APP_MISSING' });
    expect(await refusal(project, ['data:restore', '--yes'])).toMatchObject({ code: 'APP_MISSING' });
  });

  it('are refused, with the words of what failed, and leave nothing', async () => {
    await project.json(['app:deploy', '--tag', 'v1']);
    const refused = await refusal(project, ['data:dump']);
    expect(refused).toMatchObject({ code: 'DUMP_REFUSED', exit: 6 });
    expect(refused.message).toMatch(
      /^No dump was made: the dump of rows \(command\) failed: .*\/data\/rows.*No such file/,
    );
    expect(await refusal(project, ['data:restore', '--yes'])).toMatchObject({ code: 'DUMP_MISSING' });
    nothingLeft();
  });

  it('are restored by a command of ones own, and what was there is dumped before', async () => {
    write('one');
    const { dump } = await project.json<Dumped>(['data:dump']);
    expect(dump).toMatchObject({ why: 'manual', ref: 'v1', stores: [{ name: 'rows', kind: 'command' }] });
    write('two');
    expect(await refusal(project, ['data:restore'])).toMatchObject({ code: 'NEEDS_CONFIRMATION' });
    expect(await project.json<DataRestored>(['data:restore', '--dry-run'])).toMatchObject({
      dump: dump?.id,
      verdict: 'planned',
    });
    expect(rows()).toBe('two');
    const restored = await project.json<DataRestored>(['data:restore', '--yes']);
    expect(restored).toMatchObject({ dump: dump?.id, stores: ['rows'], verdict: 'live' });
    expect(rows()).toBe('one');
    expect(newest()).toMatchObject({ mode: 'data', verdict: 'live' });
    const { dumps } = await project.json<DataList>(['data:list']);
    expect(dumps).toMatchObject([{ why: 'restore' }, { id: dump?.id, why: 'manual' }]);
    // Back to what was put away.
    await project.json(['data:restore', dumps[0]?.id ?? '', '--yes', '--no-dump']);
    expect(rows()).toBe('two');
    nothingLeft();
  });

  it('that cannot be restored leave the old data, and say so with exit 7', async () => {
    write('broken');
    const { dump } = await project.json<Dumped>(['data:dump']);
    write('good');
    const run = await project.zebu(['data:restore', dump?.id ?? '', '--yes']);
    expect(run.code, run.stderr).toBe(7);
    expect(run.stderr).toMatch(/The dump \S+ was not restored: .*The data before is back and serves/);
    expect(rows()).toBe('good');
    expect(newest()).toMatchObject({ mode: 'data', verdict: 'restored', cause: 'restore-failed' });
    nothingLeft();
  });

  it('are of folders, too, with owners and rights, and everything that is in them', async () => {
    inStore('sh', '-c', `'echo more >/data/more; ${BUSYBOX} chmod 640 /data/more; ${BUSYBOX} chown 70:80 /data/more'`);
    const { dump } = await project.json<Dumped>(['data:dump', ...AS_FOLDER]);
    expect(dump).toMatchObject({ stores: [{ name: 'rows' }, { name: 'data', kind: 'volume' }] });
    inStore('rm', '/data/more');
    write('three');
    const both = await refusal(project, ['data:restore', dump?.id ?? '', '--yes', ...AS_FOLDER]);
    expect(both).toMatchObject({ code: 'DUMP_REFUSED', details: { cause: 'dump-unfit' } });
    expect(both.message).toContain('lie in one folder: restore them one after the other, with --only');
    await project.json(['data:restore', dump?.id ?? '', '--yes', '--only', 'data', ...AS_FOLDER]);
    expect(inStore('stat', '-c', `'%u:%g %a'`, '/data/more')).toBe('70:80 640');
    expect(rows()).toBe('good');
    nothingLeft();
  });

  it('come before a switch where it is asked for, and without one nothing is switched', async () => {
    version(project, 'v2');
    await project.json(['app:deploy', '--tag', 'v2', '--set', 'deploy.dump=always']);
    expect((await project.json<DataList>(['data:list'])).dumps[0]).toMatchObject({ why: 'deploy', ref: 'v1' });
    inStore('rm', '/data/rows');
    version(project, 'v3');
    const refused = await refusal(project, ['app:deploy', '--tag', 'v3', '--set', 'deploy.dump=always']);
    expect(refused).toMatchObject({ code: 'DUMP_REFUSED', details: { cause: 'dump-failed' } });
    expect(newest()).toMatchObject({ verdict: 'refused', step: 'dump' });
    write('four');
  });

  it('are kept by count', async () => {
    for (let n = 0; n < 3; n++)
      await project.json(['data:dump', '--set', 'data.keep.last=2', '--set', 'data.keep.days=0']);
    expect((await project.json<DataList>(['data:list'])).dumps).toHaveLength(2);
  });

  it('that may take no more room are given up before they begin', async () => {
    const refused = await refusal(project, ['data:dump', '--set', 'deploy.min_free_mb=100000000']);
    expect(refused).toMatchObject({ code: 'NO_SPACE' });
    nothingLeft();
  });

  it('that cannot be copied off the VM are there all the same', async () => {
    const offsite = ['--env', 'off'];
    const refused = await refusal(project, ['data:dump', ...offsite]);
    expect(refused).toMatchObject({ code: 'OFFSITE_REFUSED' });
    expect(refused.message).toMatch(/was made, but not copied off the VM: there is no RESTIC_REPOSITORY in the VM/);
  });
});
