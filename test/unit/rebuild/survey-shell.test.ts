/** What survey.sh makes of volumes, of what is mounted from outside, and of what was stopped. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import SURVEY from '../../../src/lib/rebuild/survey.sh';
import { gnuShells, runIn, standIns } from '../../support/shells.js';

const DRIVER = { nfs: 'local|/m|2|no|yes|nfs|addr=nas|:/x', plain: 'local|/m|0|no|yes|||' };

describe.each(gnuShells())('a survey, in $name', { timeout: 60_000 }, (shell) => {
  let root: string;
  let base: string;
  // On the disk of the system, as what is brought over has to be.
  beforeEach(() => {
    root = mkdtempSync('/var/tmp/zebu-survey-');
    base = join(root, 'apps/shop');
    mkdirSync(join(base, 'releases/r1'), { recursive: true });
    writeFileSync(join(root, 'mountinfo'), '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  interface World {
    /** TYPE, NAME, SOURCE, RW of each mount of the one container. */
    readonly mounts?: readonly (readonly [string, string, string, boolean])[];
    /** What `docker volume inspect` says of each volume. */
    readonly volumes?: Readonly<Record<string, string>>;
    readonly state?: string;
    readonly packaged?: string;
  }

  function survey({ mounts = [], volumes = {}, state = 'web|T1|true', packaged = '' }: World): readonly string[] {
    const rows = mounts.map(([type, name, source, rw]) => `${type}\t${name}\t${source}\tweb\t/data\t${rw}`);
    writeFileSync(join(root, 'mounts'), rows.map((row) => `${row}\n`).join(''));
    for (const [name, said] of Object.entries(volumes)) writeFileSync(join(root, `volume-${name}`), said);
    const path = join(root, 'bin');
    standIns(path, {
      docker: `case "$*" in
  'ps -aq '*) echo c1 ;;
  info*) echo '${root}/docker' ;;
  'volume ls '*) ls '${root}' | sed -n 's/^volume-//p' ;;
  'volume inspect --format {{json'*) echo null ;;
  'volume inspect '*) for name; do :; done; cat "${root}/volume-$name" ;;
  *Mounts*) cat '${root}/mounts' ;;
  *StartedAt*) echo '${state}' ;;
esac`,
      'dpkg-query': `[ "$2" = '${packaged}' ]`,
      getent: `echo 'debian:x:1000:1000::${root}/home/debian:/bin/sh'`,
    });
    const values = { base, project: 'shop', app: 'shop', user: 'debian', mountinfo: join(root, 'mountinfo') };
    const ran = runIn(shell, variables(values) + SURVEY, { env: { PATH: path } });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    return ran.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('base\t'));
  }

  const folder = (name: string): string => {
    mkdirSync(join(root, name), { recursive: true });
    return join(root, name);
  };
  const words = (rows: readonly string[]): readonly string[] =>
    rows.map((row) => row.split('\t').slice(0, 3).join(' '));

  it('brings the folder that a volume is bound to, and refuses what is no folder of this disk', () => {
    const data = folder('srv/data');
    const said = (type: string, o: string, device: string): readonly string[] =>
      words(survey({ volumes: { v: `local|/m|3|no|yes|${type}|${o}|${device}` } }));
    expect(said('none', 'bind', data)[0]).toMatch(new RegExp(`^folder ${data} \\d+$`));
    expect(said('', 'uid=1,bind', data)[0]).toMatch(/^folder /);
    expect(said('ext4', '', '/dev/sdb1')).toEqual(['refused options v']);
    expect(said('none', 'bind', '/dev')).toEqual([]);
    expect(said('nfs', 'addr=nas', ':/x')).toEqual([]);
    expect(said('tmpfs', 'size=1m', 'tmpfs')).toEqual([]);
    expect(words(survey({ volumes: { v: 'rclone|/m|0|no|yes|||' } }))).toEqual(['refused driver v']);
    expect(words(survey({ volumes: { v: DRIVER.nfs.replace('|yes|', '|no|') } }))).toEqual(['refused by-hand v']);
    expect(words(survey({ volumes: { v: DRIVER.plain } }))).toEqual(['volume v /m']);
  });

  const mounted = (source: string, rw: boolean, more: World = {}): readonly string[] =>
    words(survey({ ...more, mounts: [['bind', '', source, rw]] }));

  it('takes no folder of the system for data', () => {
    folder('home/debian/.ssh');
    const system = [
      '/',
      '/etc',
      '/usr/share',
      '/var/log',
      '/var/lib',
      '/home',
      '/root',
      '/opt',
      folder('docker/volumes'),
    ];
    const above = [root, join(root, 'apps'), join(root, 'docker'), join(root, 'home'), join(root, 'home/debian/.ssh')];
    const all = (paths: readonly string[], rw: boolean): readonly string[] =>
      words(survey({ mounts: paths.map((path) => ['bind', '', path, rw]) })).toSorted();
    expect(all([...system, ...above], true)).toEqual(
      [...system, ...above].map((path) => `refused system ${path}`).toSorted(),
    );
    expect(all(system, false)).toEqual(system.map((path) => `system ${path}`).toSorted());
    // Where it may be written to by one, that counts.
    const twice = (first: boolean): World => ({
      mounts: [
        ['bind', '', '/etc', first],
        ['bind', '', '/etc', !first],
      ],
    });
    for (const first of [true, false]) expect(words(survey(twice(first)))).toEqual(['refused system /etc']);
    expect(
      all(['/proc', '/sys', '/dev/shm', '/var/run/docker.sock', '/etc/localtime', '/etc/hosts', base], true),
    ).toEqual([]);
    expect(mounted('/etc/passwd', false)).toEqual(['system /etc/passwd']);
    // Below /var, as these folders are.
    const path = folder('srv/of-a-package');
    expect(mounted(path, true, { packaged: path })).toEqual([`refused system ${path}`]);
    expect(mounted(path, true)[0]).toMatch(/^folder /);
  });

  it('brings single files, and nothing beside them', () => {
    folder('srv');
    const file = join(root, 'srv/foo.conf');
    writeFileSync(file, 'a');
    expect(mounted(file, true)[0]).toMatch(new RegExp(`^file ${file} \\d+$`));
    expect(mounted(join(root, 'srv/none'), true)).toEqual([]);
  });

  it('refuses links out of the app, and what is mounted at or below a folder', () => {
    const data = folder('srv/my data');
    symlinkSync(data, join(root, 'srv/link'));
    expect(mounted(join(root, 'srv/link'), true)).toEqual([`refused link ${join(root, 'srv/link')}`]);
    folder('srv/my data/nas');
    writeFileSync(
      join(root, 'mountinfo'),
      `30 22 0:40 / ${data.replace(' ', String.raw`\040`)}/nas rw - nfs4 nas:/x rw\n31 22 0:41 / ${data.replace(' ', String.raw`\040`)}-2 rw - nfs4 nas:/y rw\n`,
    );
    expect(mounted(data, true)).toEqual([`refused mounted ${data}/nas`]);
    writeFileSync(join(root, 'mountinfo'), `30 22 0:40 / ${base}/shared/nas rw - nfs4 nas:/x rw\n`);
    expect(survey({})).toEqual([`refused\tmounted\t${base}/shared/nas\tthe folder of the app`]);
  });

  it('names what was stopped on purpose, and is so still', () => {
    writeFileSync(join(base, 'stopped'), 'web|T1\n');
    expect(survey({ state: 'web|T1|false' })).toEqual(['stopped\tweb']);
    expect(survey({ state: 'web|T1|true' })).toEqual([]);
    expect(survey({ state: 'web|T2|false' })).toEqual([]);
    writeFileSync(join(base, 'stopped'), 'web\n');
    expect(survey({ state: 'web|T2|false' })).toEqual(['stopped\tweb']);
  });

  it('tells images of the live release from those of older ones', () => {
    mkdirSync(join(base, 'releases/r2'));
    writeFileSync(join(base, 'releases/r1/images.yml'), '    image: "old@sha256:aa"\n    image: "both@sha256:bb"\n');
    writeFileSync(join(base, 'releases/r2/images.yml'), '    image: "both@sha256:bb"\n');
    symlinkSync('releases/r2', join(base, 'current'));
    expect(survey({})).toEqual(['pulled\tboth@sha256:bb\tlive', 'pulled\told@sha256:aa\tolder']);
  });
});
