import { lstatSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ReleaseFolder, type Bind } from '../../support/release-folder.js';
import { vmShells } from '../../support/shells.js';

interface Overlay {
  readonly services?: Record<string, { readonly volumes: readonly Record<string, unknown>[] }>;
  readonly volumes?: Record<string, { readonly driver_opts: Record<string, string> }>;
  readonly configs?: Record<string, { readonly file: string }>;
  readonly secrets?: Record<string, { readonly file: string }>;
}

let folder: ReleaseFolder;
afterEach(() => {
  folder.remove();
});

const tree = (path: string): string => folder.inTree(path);
const kept = (path: string): string => `${folder.base}/shared/mounts/${path}`;
const commit = (path: string, text = 'content\n'): void => {
  folder.write(`releases/r2/tree/${path}`, text);
};
const services = (mounts: Readonly<Record<string, readonly Bind[]>>): object =>
  Object.fromEntries(
    Object.entries(mounts).map(([name, binds]) => [
      name,
      { image: 'x', volumes: binds.map((bind) => folder.mount(bind)) },
    ]),
  );
const decide = (
  mounts: Readonly<Record<string, readonly Bind[]>>,
  then?: string,
): ReturnType<ReleaseFolder['decide']> => folder.decide({ services: services(mounts) }, then);
const overlayOf = ({ overlay, reason }: { readonly overlay: string; readonly reason: string }): Overlay => {
  expect(reason).toBe('');
  return (parse(overlay) ?? {}) as Overlay;
};
/** service → source → target of what the overlay mounts. */
const mounted = (decision: ReturnType<ReleaseFolder['decide']>): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(overlayOf(decision).services ?? {}).map(([name, { volumes }]) => [
      name,
      Object.fromEntries(volumes.map(({ source, target }) => [String(source), target])),
    ]),
  );

describe.each(vmShells())('a path of the Compose files, in $name', { timeout: 60_000 }, (shell) => {
  beforeEach(() => (folder = new ReleaseFolder(shell)));

  it('is data where the commit has nothing there and a service may write to it, for whoever mounts it', () => {
    const decision = decide({
      certbot: [{ source: tree('certbot/www'), target: '/w' }],
      nginx: [{ source: tree('certbot/www'), target: '/var/www', readOnly: true }],
    });
    expect(mounted(decision)).toEqual({
      certbot: { [kept('certbot/www')]: '/w' },
      nginx: { [kept('certbot/www')]: '/var/www' },
    });
    expect(overlayOf(decision).services?.['nginx']?.volumes[0]).toMatchObject({
      read_only: true,
      bind: { create_host_path: true },
    });
    expect(decision.said).toEqual([
      `certbot, nginx: ./certbot/www is not part of the commit and is kept in ${kept('certbot/www')}`,
    ]);
  });

  it('is refused by name where it is only read and is nowhere', () => {
    expect(decide({ web: [{ source: tree('certs'), target: '/certs', readOnly: true }] })).toMatchObject({
      code: 1,
      reason: `web mounts ./certs read-only, but it is neither part of the commit nor written by any service; put it into the commit, or into ${kept('certs')} of the VM`,
      overlay: '',
    });
  });

  it('is what a person put there in the VM', () => {
    folder.write('shared/mounts/certs/a.pem', 'x');
    expect(mounted(decide({ web: [{ source: tree('certs'), target: '/certs', readOnly: true }] }))).toEqual({
      web: { [kept('certs')]: '/certs' },
    });
  });

  it('is content of the commit, and a service that may write to a folder of it is told so', () => {
    commit('www/index.html');
    commit('app.conf');
    const decision = decide({
      web: [
        { source: tree('www'), target: '/www' },
        { source: tree('app.conf'), target: '/app.conf' },
      ],
      proxy: [{ source: tree('www'), target: '/www', readOnly: true }],
    });
    expect(decision).toMatchObject({
      code: 0,
      overlay: '',
      said: [
        'web may write to ./www, which is part of the commit: what it writes there is kept beside what the commit has',
      ],
    });
  });

  const whole = (path = ''): string => `${folder.base}/shared/repository${path}`;

  it('is the whole repository, which is data as soon as a service may write to it', () => {
    commit('code');
    expect(decide({ web: [{ source: tree('.'), target: '/src', readOnly: true }] })).toMatchObject({
      said: [],
      overlay: '',
    });
    const mounts = {
      web: [{ source: tree('.'), target: '/src' }],
      test: [{ source: tree('.'), target: '/test', readOnly: true }],
    };
    const decision = decide(mounts, 'place_data && tend_folders');
    expect(decision.said).toEqual([
      `web, test: . is the repository: what is written there is kept beside the files of the commit, in ${whole()}`,
    ]);
    expect(mounted(decision)).toEqual({ web: { [whole()]: '/src' }, test: { [whole()]: '/test' } });
    expect(folder.read('shared/repository/code')).toBe('content\n');
    // What was data stays data.
    folder.write('shared/repository/db.sqlite3', 'rows');
    expect(mounted(decide({ web: [{ source: tree('.'), target: '/src', readOnly: true }] }))).toEqual({
      web: { [whole()]: '/src' },
    });
  });

  it('is part of the whole repository, or what is kept by itself within', () => {
    for (const path of ['conf/app.conf', 'static/site.css', 'uploads/.gitkeep']) commit(path);
    folder.write('shared/mounts/pg/data/rows', 'rows');
    folder.write('shared/mounts/uploads/photo', 'photo');
    folder.write('shared/data-names', 'pg/data\nuploads\n');
    // What services wrote into a folder of the commit when that alone was mounted.
    const sum = 'b'.repeat(40);
    commit('home/settings');
    folder.write('releases/r1/tree/home/settings', 'before\n');
    folder.write('releases/r1/kept', `${sum}\thome\n`);
    folder.write(`shared/files/${sum}/rows`, 'rows');
    const decision = decide(
      {
        web: [{ source: tree('.'), target: '/src/' }],
        nginx: [
          { source: tree('static'), target: '/static', readOnly: true },
          { source: tree('conf/app.conf'), target: '/app.conf', readOnly: true },
          { source: tree('media'), target: '/media', readOnly: true },
        ],
        db: [{ source: tree('pg/data'), target: '/data' }],
        files: [
          { source: tree('uploads'), target: '/uploads' },
          { source: tree('uploads/deep'), target: '/deep' },
        ],
        home: [{ source: tree('home'), target: '/home' }],
      },
      'place_data && tend_folders',
    );
    const seen = overlayOf(decision).services ?? {};
    const named = Object.entries(seen).map(([name, { volumes }]) => [
      name,
      volumes.map(({ source, target }) => `${String(target)} ${String(source).slice(`${folder.base}/shared/`.length)}`),
    ]);
    expect(Object.fromEntries(named)).toEqual({
      web: [
        '/src/ repository',
        '/src/home mounts/home',
        '/src/pg/data mounts/pg/data',
        '/src/uploads mounts/uploads',
        '/src/uploads/deep mounts/uploads/deep',
      ],
      nginx: ['/static repository/static', '/app.conf repository/conf/app.conf', '/media repository/media'],
      db: ['/data mounts/pg/data'],
      files: ['/uploads mounts/uploads', '/deep mounts/uploads/deep'],
      home: ['/home mounts/home'],
    });
    for (const path of ['media', 'pg/data', 'uploads', 'conf/app.conf'])
      expect(folder.has(`shared/repository/${path}`)).toBe(true);
    expect(folder.read('shared/data-names')).toBe('pg/data\nuploads\n.\nhome\nuploads/deep\n');
    expect([folder.read('shared/mounts/home/rows'), folder.read('shared/mounts/home/settings')]).toEqual([
      ...['rows', 'content\n'],
    ]);
    // What another release has taken along is there again before this one is started.
    decide({ web: [{ source: tree('.'), target: '/src' }] }, 'rm -r "$base/shared/repository/pg"');
    const again = { web: [{ source: tree('.'), target: '/src' }], db: [{ source: tree('pg/data'), target: '/data' }] };
    decide(again, 'tend_folders');
    expect(folder.has('shared/repository/pg/data')).toBe(true);
    // Where the repository itself is mounted no more, its part is where it was.
    folder.write('shared/repository/static/collected', 'by the app');
    const later = decide(
      { files: [{ source: tree('static'), target: '/static' }] },
      'cat "$work/tended" >>"$work/journal"',
    );
    expect(mounted(later)).toEqual({ files: { [whole('/static')]: '/static' } });
    expect(later.said.at(-1)).toBe(`.\t${whole()}`);
    // So is what nobody has written in it yet, also for who mounts it by a volume.
    const parts = services({
      files: [
        { source: tree('static'), target: '/static' },
        { source: tree('static/new'), target: '/new' },
      ],
    });
    expect(mounted(folder.decide({ services: parts }))).toEqual({
      files: { [whole('/static')]: '/static', [whole('/static/new')]: '/new' },
    });
    const alone = services({ files: [{ source: tree('static/later'), target: '/later' }] });
    expect(mounted(folder.decide({ services: alone }))).toEqual({ files: { [whole('/static/later')]: '/later' } });
  });

  it('is the whole repository with settings and secrets where their author has them', () => {
    commit('docker/code');
    const env = `${folder.base}/shared/secrets/env_file`;
    folder.write('shared/secrets/env_file', "A='x'\n");
    symlinkSync(env, tree('.env'));
    const decision = decide(
      {
        web: [{ source: tree('.'), target: '/src' }],
        look: [{ source: tree('.'), target: '/src', readOnly: true }],
        part: [{ source: tree('docker'), target: '/docker' }],
      },
      'place_data && tend_folders',
    );
    expect(mounted(decision)).toEqual({
      web: { [whole()]: '/src', [env]: '/src/.env' },
      look: { [whole()]: '/src', [env]: '/src/.env' },
      part: { [whole('/docker')]: '/docker' },
    });
    expect(overlayOf(decision).services?.['look']?.volumes[1]).toMatchObject({ read_only: true });
    // Something to mount it on, which is not the link.
    expect(lstatSync(`${folder.base}/shared/repository/.env`).isFile()).toBe(true);
    expect(folder.read('shared/repository/.env')).toBe('');
  });

  it('is of a folder of the commit where the link in it leads, unless a service has put a file there', () => {
    commit('docker/code');
    const env = `${folder.base}/shared/secrets/env_file`;
    folder.write('shared/secrets/env_file', "A='x'\n");
    symlinkSync(env, tree('.env'));
    const whole = { source: tree('.'), target: '/src/', readOnly: true };
    const decision = decide({
      web: [whole],
      part: [{ source: tree('docker'), target: '/docker', readOnly: true }],
      own: [whole, { source: tree('.env'), target: '/src/.env', readOnly: true }],
    });
    expect(mounted(decision)).toEqual({ web: { [env]: env } });
    expect(overlayOf(decision).services?.['web']?.volumes[0]).toMatchObject({ read_only: true });
  });

  it('is the whole repository with what services have written into parts of it, each kept by itself until then', () => {
    for (const [file, text] of Object.entries({ 'media/seed': '2\n', 'static/css': '1\n', one: '1\n', two: '2\n' })) {
      commit(file, text);
      folder.write(`releases/r1/tree/${file}`, '1\n');
    }
    folder.write('releases/r1/plan', '');
    const parts = { media: 'a', static: 'b', one: 'c', two: 'd' };
    const kept = Object.entries(parts).map(([name, letter]) => `${letter.repeat(40)}\t${name}\n`);
    folder.write('releases/r1/kept', kept.join(''));
    const at = (letter: string, file = ''): string => `shared/files/${letter.repeat(40)}${file}`;
    for (const [file, text] of [
      [at('a', '/seed'), '1\n'],
      [at('a', '/row'), 'row\n'],
      [at('b', '/css'), '1\n'],
      [at('b', '/made'), 'made\n'],
      [at('c'), '1\nwritten\n'],
      [at('d'), '1\nwritten\n'],
    ] as const)
      folder.write(file, text);
    const mounts = {
      web: [{ source: tree('.'), target: '/src' }],
      api: [
        { source: tree('media'), target: '/media' },
        { source: tree('one'), target: '/one' },
      ],
    };
    const own = (name: string): string => `${folder.base}/shared/mounts/${name}`;
    const decision = decide(mounts, 'place_data && tend_folders');
    expect(mounted(decision)).toEqual({
      web: { [whole()]: '/src', [own('media')]: '/src/media', [own('static')]: '/src/static' },
      api: { [own('media')]: '/media', [whole('/one')]: '/one' },
    });
    // What the commit changes is as the commit has it, and nothing that was written is gone.
    const files = ['mounts/media/seed', 'mounts/media/row', 'mounts/static/made', 'repository/one', 'repository/two'];
    expect(files.map((file) => folder.read(`shared/${file}`))).toEqual([
      ...['2\n', 'row\n', 'made\n', '1\nwritten\n', '2\n'],
    ]);
    expect(folder.read('shared/repository/two.before-r2')).toBe('1\nwritten\n');
    // Whoever goes back finds the same.
    expect(['a', 'b', 'c'].map((letter) => readlinkSync(`${folder.base}/${at(letter)}`))).toEqual([
      ...[own('media'), own('static'), whole('/one')],
    ]);
    // Also where the first attempt was cut off, and where one of them is not mounted by itself any more.
    expect(mounted(decide(mounts, 'place_data && tend_folders'))).toEqual(mounted(decision));
  });

  it('is what another service sees of it in the folder that it lies in, also where that is mounted later', () => {
    commit('app/media/seed');
    commit('app/code');
    const own = `${folder.base}/shared/mounts/app/media`;
    const read = {
      php: [{ source: tree('app/media'), target: '/media' }],
      nginx: [{ source: tree('app'), target: '/app', readOnly: true }],
    };
    expect(mounted(decide(read))).toEqual({ php: { [own]: '/media' }, nginx: { [own]: '/app/media' } });
    // Where somebody may write to all of it, it is one folder from the first on.
    const write = { ...read, nginx: [{ source: tree('app'), target: '/app' }] };
    expect(mounted(decide(write))).toEqual({});
    folder.write('releases/r1/plan', '');
    folder.write('releases/r1/tree/app/media/seed', '1\n');
    folder.write('releases/r1/kept', `${'a'.repeat(40)}\tapp/media\n`);
    folder.write(`shared/files/${'a'.repeat(40)}/row`, 'row\n');
    expect(mounted(decide(write, 'place_data && tend_folders'))).toEqual({
      php: { [own]: '/media' },
      nginx: { [own]: '/app/media' },
    });
    expect(folder.read('shared/mounts/app/media/row')).toBe('row\n');
  });

  it('is the whole repository as it was written before the commit that changes it', () => {
    commit('code', '2\n');
    folder.write('releases/r1/plan', '');
    folder.write('releases/r1/tree/code', '1\n');
    const sum = 'a'.repeat(40);
    folder.write(
      'releases/r1/files.yml',
      `      - { "source": "${folder.base}/shared/files/${sum}", "type": "bind" }\n`,
    );
    folder.write(`shared/writable/${sum}`, '/tree\n');
    folder.write(`shared/files/${sum}/code`, '1\n');
    folder.write(`shared/files/${sum}/db.sqlite3`, 'rows');
    const decision = decide({ web: [{ source: tree('.'), target: '/src' }] }, 'place_data && tend_folders');
    expect(mounted(decision)).toEqual({ web: { [whole()]: '/src' } });
    expect([folder.read('shared/repository/code'), folder.read('shared/repository/db.sqlite3')]).toEqual([
      '2\n',
      'rows',
    ]);
    // Whoever has the old folder has the same, and a release that is gone back to is tended there.
    expect(folder.read(`shared/files/${sum}/db.sqlite3`)).toBe('rows');
    expect(folder.read('releases/r1/kept')).toBe(`${sum}\t.\n`);
    expect(decision.said.at(-1)).toContain('services may write to the whole repository: it is kept in');
    decide({ web: [{ source: tree('.'), target: '/src' }] }, 'place_data && release=$base/releases/r1 && tend_folders');
    expect([folder.read('shared/repository/code'), folder.read('shared/repository/db.sqlite3')]).toEqual([
      '1\n',
      'rows',
    ]);
  });

  it('is the whole repository, there as a whole or not at all', () => {
    commit('code');
    commit('docker/settings');
    const mounts = { web: [{ source: tree('.'), target: '/src' }] };
    const cut = (program: string): string =>
      `${program}() { case "$*" in *repository.new*) return 1 ;; *) command ${program} "$@" ;; esac; }; place_data`;
    for (const program of ['cp', 'mv', 'sums_of']) {
      expect(decide(mounts, cut(program)).code, program).not.toBe(0);
      expect(folder.has('shared/repository'), program).toBe(false);
    }
    folder.write('shared/repository.new/half', 'half');
    expect(decide(mounts, 'place_data && tend_folders').code).toBe(0);
    expect([folder.has('shared/repository/code'), folder.has('shared/repository/half')]).toEqual([true, false]);
  });

  it('is data where the commit only keeps the folder, with what keeps it, nested too', () => {
    commit('storage/.gitkeep', '');
    commit('storage/cache/.gitignore', '*\n!.gitignore\n');
    const decision = decide({ registry: [{ source: tree('storage'), target: '/s' }] }, 'place_data');
    expect(mounted(decision)).toEqual({ registry: { [kept('storage')]: '/s' } });
    expect(decision.said[0]).toBe(
      `registry: ./storage holds nothing in the commit: it is data, kept in ${kept('storage')}`,
    );
    expect(folder.has('shared/mounts/storage/.gitkeep')).toBe(true);
    expect(folder.read('shared/mounts/storage/cache/.gitignore')).toContain('!.gitignore');
  });

  it('is data also while nobody writes to such a folder: a later release may, and this one be gone back to', () => {
    commit('storage/.gitkeep', '');
    const decision = decide({ web: [{ source: tree('storage'), target: '/s', readOnly: true }] });
    expect(mounted(decision)).toEqual({ web: { [kept('storage')]: '/s' } });
  });

  it('is content where nobody writes to a file without a byte', () => {
    commit('site.conf', '');
    expect(decide({ web: [{ source: tree('site.conf'), target: '/c', readOnly: true }] }).overlay).toBe('');
  });

  it('is data within data, and data around data', () => {
    const decision = decide({
      app: [{ source: tree('data'), target: '/data' }],
      backup: [{ source: tree('data/db'), target: '/db', readOnly: true }],
      certbot: [{ source: tree('tls/www'), target: '/w' }],
      web: [{ source: tree('tls'), target: '/tls', readOnly: true }],
    });
    expect(mounted(decision)).toEqual({
      app: { [kept('data')]: '/data' },
      backup: { [kept('data/db')]: '/db' },
      certbot: { [kept('tls/www')]: '/w' },
      web: { [kept('tls')]: '/tls' },
    });
  });

  it('is seen where what it lies in is mounted as a whole', () => {
    commit('app/main.js');
    const decision = decide(
      {
        app: [
          { source: tree('app'), target: '/srv/' },
          { source: tree('app/uploads'), target: '/srv/uploads' },
        ],
        web: [{ source: tree('app'), target: '/www', readOnly: true }],
      },
      'place_files; cd "$base/shared/files"; ls -d ./*/uploads >"$base/places"',
    );
    expect(mounted(decision)).toEqual({
      app: { [kept('app/uploads')]: '/srv/uploads' },
      web: { [kept('app/uploads')]: '/www/uploads' },
    });
    expect(overlayOf(decision).services?.['web']?.volumes[0]).toMatchObject({ read_only: true });
    expect(folder.read('places')).toMatch(/^\.\/[0-9a-f]{40}\/uploads\n$/);
  });

  it('is what another service may write to with the folder that it lies in', () => {
    commit('app/main.js');
    commit('app/empty/.gitkeep', '');
    const reads = ['app/static', 'app/empty'].map((path) => ({
      source: tree(path),
      target: `/${path}`,
      readOnly: true,
    }));
    expect(mounted(decide({ app: [{ source: tree('app'), target: '/srv' }], web: reads }))).toEqual({
      app: { [kept('app/empty')]: '/srv/empty', [kept('app/static')]: '/srv/static' },
      web: { [kept('app/empty')]: '/app/empty', [kept('app/static')]: '/app/static' },
    });
  });

  it('stays data when a later commit has something there', () => {
    folder.write('shared/mounts/data/rows', 'rows');
    commit('data/README', 'read me\n');
    const decision = decide({ db: [{ source: tree('data'), target: '/d' }] }, 'place_data && tend_folders');
    expect(mounted(decision)).toEqual({ db: { [kept('data')]: '/d' } });
    expect(folder.read('shared/mounts/data/README')).toBe('read me\n');
    commit('data/rows', 'other');
    expect(decide({ db: [{ source: tree('data'), target: '/d' }] }).reason).toContain(
      'the commit has something else in rows there',
    );
    expect(folder.read('shared/mounts/data/rows')).toBe('rows');
  });

  it('may be a link of the commit', () => {
    symlinkSync('data', join(folder.release, 'tree/current'));
    expect(mounted(decide({ db: [{ source: tree('current'), target: '/d' }] }))).toEqual({
      db: { [kept('data')]: '/d' },
    });
  });

  it('may be named through what is live, and beside the repository', () => {
    const decision = decide({
      db: [
        { source: `${folder.base}/current/tree/data`, target: '/d' },
        { source: `${folder.release}/beside`, target: '/b' },
      ],
    });
    expect(mounted(decision)).toEqual({ db: { [kept('data')]: '/d', [kept('beside')]: '/b' } });
  });

  it.each([
    ['the folder of the release', ''],
    ['all releases', '/..'],
    ['another release', '/../r1/tree/data'],
    ['the app', '/../..'],
  ])('is refused where it is %s', (_, path) => {
    const source = join(folder.release, path);
    expect(decide({ web: [{ source, target: '/x' }] }).reason).toBe(
      `web uses ${source}, which is outside the repository and within what zebu manages`,
    );
  });

  it('is left alone elsewhere', () => {
    const decision = decide({
      web: [
        { source: '/var/run/docker.sock', target: '/var/run/docker.sock' },
        { source: `${folder.base}/shared/mounts/x`, target: '/x' },
        { source: '/', target: '/host', readOnly: true },
      ],
    });
    expect(decision).toMatchObject({ code: 0, overlay: '', said: [] });
  });

  it('keeps odd characters, and every option of its mount', () => {
    const source = `${tree('we "ird')}$$x&`;
    const volume = { type: 'bind', source, target: '/w', bind: { selinux: 'z', propagation: 'rslave' } };
    const decision = folder.decide({ services: { web: { volumes: [volume] } } }, 'place_data');
    expect(overlayOf(decision).services?.['web']?.volumes).toEqual([{ ...volume, source: kept('we "ird$$x&') }]);
    expect(folder.has('shared/mounts/we "ird$x&')).toBe(true);
  });
});

describe.each(vmShells())('a volume that is a folder, in $name', { timeout: 60_000 }, (shell) => {
  beforeEach(() => (folder = new ReleaseFolder(shell)));

  const volume = (device: string, options: object = {}): object => ({
    pg: { name: 'shop_pg', driver_opts: { device, o: 'bind', type: 'none', ...options } },
  });
  const using = (readOnly = false): object => ({
    db: { volumes: [{ type: 'volume', source: 'pg', target: '/pg', ...(readOnly ? { read_only: true } : {}) }] },
  });

  it('is data, whatever keeps the folder in the commit', () => {
    commit('pgdata/.gitkeep', '');
    const decision = folder.decide({ services: using(), volumes: volume(tree('pgdata')) }, 'place_data');
    expect(overlayOf(decision)).toEqual({ volumes: { pg: { driver_opts: { device: kept('pgdata') } } } });
    expect(folder.has('shared/mounts/pgdata/.gitkeep')).toBe(true);
  });

  it('stays where Docker has it, and so does what else mounts the folder', () => {
    const device = `${folder.base}/releases/r0/tree/pgdata`;
    const docker = `[ "$1 $2" = 'volume inspect' ] && printf 'shop_pg\\t%s\\n' ${device}`;
    const backup = { volumes: [folder.mount({ source: tree('pgdata'), target: '/b', readOnly: true })] };
    const config = { services: { backup, ...using() }, volumes: volume(tree('pgdata')) };
    const overlay = overlayOf(folder.decide(config, 'place_data', docker));
    expect(overlay.volumes).toEqual({ pg: { driver_opts: { device } } });
    expect(overlay.services?.['backup']?.volumes).toMatchObject([{ source: device, read_only: true }]);
    expect(folder.has('shared/mounts/pgdata')).toBe(false);
  });

  it('is refused where it is written and part of the commit', () => {
    commit('site/index.html');
    expect(folder.decide({ services: using(), volumes: volume(tree('site')) }).reason).toBe(
      'db may write to the volume pg, but its device ./site is part of the commit and goes with the release: keep data in a folder that is not part of the commit',
    );
  });

  it('is mounted from the release where it is only read', () => {
    commit('site/index.html');
    const overlay = overlayOf(folder.decide({ services: using(true), volumes: volume(tree('site')) }));
    expect(overlay.services?.['db']?.volumes).toEqual([
      { type: 'bind', source: tree('site'), target: '/pg', read_only: true },
    ]);
  });

  it.each([
    ['another type', { type: 'overlay', o: 'lowerdir=@/a,upperdir=@/b,workdir=@/c', device: 'overlay' }],
    ['a file system in a file', { type: 'ext4', o: 'loop', device: '@/disk.img' }],
  ])('is refused by name with %s', (_, options) => {
    const driver_opts = Object.fromEntries(
      Object.entries(options).map(([key, text]) => [key, text.replaceAll('@', folder.inTree('.'))]),
    );
    const volumes = { pg: { name: 'shop_pg', driver_opts } };
    expect(folder.decide({ services: using(), volumes }).reason).toMatch(/^the volume pg has the option \w+=/);
  });

  it('is refused with a driver of its own that is told a path of the release', () => {
    const volumes = { pg: { name: 'p', driver: 'local-persist', driver_opts: { mountpoint: tree('data') } } };
    expect(folder.decide({ services: using(), volumes }).reason).toContain('the volume pg has the option mountpoint=');
  });

  it('is none where it is a network share or Docker’s own', () => {
    const nfs = { type: 'nfs', o: 'addr=192.0.2.1,rw', device: ':/export/data' };
    const volumes = { pg: { name: 'shop_pg', driver_opts: nfs }, own: { name: 'shop_own' } };
    expect(folder.decide({ services: using(), volumes })).toMatchObject({ code: 0, overlay: '', said: [] });
  });
});

describe.each(vmShells())('a file of a config or secret, in $name', { timeout: 60_000 }, (shell) => {
  beforeEach(() => (folder = new ReleaseFolder(shell)));

  const config = (file: string): object => ({
    services: {
      web: { volumes: [folder.mount({ source: tree('data'), target: '/data' })], secrets: [{ source: 'key' }] },
    },
    secrets: { key: { name: 'shop_key', file } },
  });

  it('is content of the commit', () => {
    commit('key.txt');
    expect(overlayOf(folder.decide(config(tree('key.txt')))).secrets).toBeUndefined();
  });

  it('is refused by name where it is nowhere', () => {
    expect(folder.decide(config(tree('key.txt'))).reason).toBe(
      `key in secrets: its file ./key.txt is not part of the commit: put it into ${kept('key.txt')} of the VM, or say environment: with the name of a secret that zebu.yml declares in place of file:`,
    );
  });

  it('is what lies in data', () => {
    folder.write('shared/mounts/data/key.txt', 'x');
    expect(overlayOf(folder.decide(config(tree('data/key.txt')))).secrets).toEqual({
      key: { file: kept('data/key.txt') },
    });
  });
});
