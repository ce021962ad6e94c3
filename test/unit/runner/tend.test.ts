import { lstatSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunnerApp, runnerApp, said } from '../../support/runner-app.js';
import { gnuShells, vmShells } from '../../support/shells.js';

// Which folders are data is decided in mounts.sh, and where that is put in data.sh; here it has the files of the commit.
describe.each(vmShells())('a folder of the commit that services write into, in $name', { timeout: 60_000 }, (shell) => {
  const NO_ROOT = 'sudo() { return 1; }\n';
  const tend = (app: RunnerApp, release: string, before = ''): ReturnType<RunnerApp['run']> =>
    app.run(
      `${NO_ROOT}release=$base/releases/${release}; printf 'conf\\t%s\\n' "$base/shared/mounts/conf" >"$release/tended"
${before}tend_folders; echo "$? $reason"`,
    );
  const data = 'shared/mounts/conf';

  it('follows the commit where nobody else changed it, and keeps what services made, changed or removed', () => {
    const app = runnerApp(shell);
    for (const [name, text] of Object.entries({
      same: '1',
      next: '1',
      'a b/deep': '1',
      own: '1',
      gone: '1',
      unwanted: '1',
    }))
      app.write(`releases/r1/tree/conf/${name}`, text);
    app.write(`${data}/database`, 'rows');
    expect(tend(app, 'r1').lines).toEqual(['0 ']);
    expect(app.list(data)).toEqual(['a b', 'database', 'gone', 'next', 'own', 'same', 'unwanted']);
    app.write(`${data}/own`, 'changed by a service');
    app.run(`rm "$base/${data}/unwanted"`);

    for (const [name, text] of Object.entries({
      same: '1',
      next: '2',
      'a b/deep': '2',
      own: '1',
      unwanted: '1',
      more: '2',
    }))
      app.write(`releases/r2/tree/conf/${name}`, text, name === 'next' ? 0o755 : 0o644);
    expect(tend(app, 'r2').lines).toEqual(['0 ']);
    expect(app.list(data)).toEqual(['a b', 'database', 'more', 'next', 'own', 'same']);
    const read = (name: string): string => app.read(`${data}/${name}`);
    expect([read('next'), read('a b/deep'), read('own'), read('database')]).toEqual([
      '2',
      '2',
      'changed by a service',
      'rows',
    ]);
    expect(lstatSync(join(app.base, data, 'next')).mode & 0o777).toBe(0o755);

    // Back to the release before, as after one that failed.
    expect(tend(app, 'r1').lines).toEqual(['0 ']);
    expect(app.list(data)).toEqual(['a b', 'database', 'gone', 'next', 'own', 'same']);
    expect([read('next'), read('a b/deep'), read('own'), read('database')]).toEqual([
      '1',
      '1',
      'changed by a service',
      'rows',
    ]);
  });

  it('keeps a folder that is mounted, also where the commit has nothing in it any more', () => {
    const app = runnerApp(shell);
    for (const name of ['up "loads/deep/.gitkeep', 'other/deep/file', 'own'])
      app.write(`releases/r1/tree/conf/${name}`, '1');
    app.write('releases/r2/tree/conf/own', '1');
    app.write(
      'releases/r2/shared.yml',
      `      - { "source": "${app.base}/${data}/up \\"loads/deep", "target": "/x" }\n`,
    );
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    tend(app, 'r2');
    expect(app.run(`cd "$base/${data}" && find . | sort`).lines).toEqual([
      '.',
      './own',
      './up "loads',
      './up "loads/deep',
    ]);
  });

  it('begins anew where all of it was taken away', () => {
    const app = runnerApp(shell);
    app.write('releases/r1/tree/conf/settings', '1');
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    app.run(`rm -r "$base/${data}"; mkdir "$base/${data}"`);
    expect(tend(app, 'r1').lines).toEqual(['0 ']);
    expect(app.read(`${data}/settings`)).toBe('1');
  });

  it('keeps both where a service and the commit changed the same file, and brings the one before back with the release', () => {
    const app = runnerApp(shell);
    app.write('releases/r1/tree/conf/settings', '1');
    app.write('releases/r2/tree/conf/settings', '2');
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    app.write(`${data}/settings`, 'by the app');
    const { journal } = tend(app, 'r2', 'id=r2\n');
    expect(app.read(`${data}/settings`)).toBe('2');
    expect(app.read(`${data}/settings.before-r2`)).toBe('by the app');
    expect(said(journal)).toEqual([
      expect.stringMatching(/^\.\/conf\/settings was changed by a service, .* settings\.before-r2$/),
    ]);
    tend(app, 'r1', 'id=r2 strict=\n');
    expect([app.read(`${data}/settings`), app.has(`${data}/settings.before-r2`)]).toEqual(['by the app', false]);
  });

  it('loses nothing that was written, however often both change a file', () => {
    const app = runnerApp(shell);
    app.write('releases/r1/tree/conf/settings', '1');
    app.write('releases/r2/tree/conf/settings', '2');
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    app.write(`${data}/settings`, 'before');
    tend(app, 'r2', 'id=r2\n');
    app.write(`${data}/settings`, 'by the release that fails');
    tend(app, 'r1', 'id=r2 strict=\n');
    expect(app.read(`${data}/settings`)).toBe('before');
    expect(app.read(`${data}/settings.after-r2`)).toBe('by the release that fails');
    for (const text of ['second', 'third']) {
      tend(app, 'r2', 'id=r2\n');
      app.write(`${data}/settings`, text);
      tend(app, 'r1', 'id=r1\n');
      app.write(`${data}/settings`, `${text} of r1`);
    }
    const all = app.list(data).map((name) => app.read(`${data}/${name}`));
    expect(all.toSorted()).toEqual([
      ...['before', 'by the release that fails', 'second', 'second of r1', 'third', 'third of r1'],
    ]);
  });

  it('is as one of both releases has it, wherever it is cut off', () => {
    const app = runnerApp(shell);
    const r1 = { changed: '1', dropped: '1', kept: '1', 'x/deep': '1' };
    const r2 = { changed: '2', added: '2', kept: '1', x: 'a file by now' };
    for (const [name, text] of Object.entries(r1)) app.write(`releases/r1/tree/conf/${name}`, text);
    for (const [name, text] of Object.entries(r2)) app.write(`releases/r2/tree/conf/${name}`, text);
    const reads = (): unknown =>
      Object.fromEntries(
        app
          .run(`cd "$base/${data}"; find . -type f | sort`)
          .lines.map((name) => [name.slice(2), app.read(`${data}/${name}`)]),
      );
    for (let ended = 0; ; ended += 1) {
      app.run(`rm -rf "$base/${data}" "$base/shared/placed"; mkdir -p "$base/${data}"`);
      tend(app, 'r1');
      // After so many renamings and removals everything fails.
      const cut = `left=${ended}\nas_needed() { case $1 in mv|rm) [ $left -gt 0 ] || exit 9; left=$((left - 1)) ;; esac; "$@" 2>/dev/null; }\n`;
      const whole = tend(app, 'r2', cut).lines[0] === '0 ';
      tend(app, 'r1', 'id=r2 strict=\n');
      expect(reads(), `cut off after ${ended}`).toEqual(r1);
      tend(app, 'r2');
      expect(reads(), `again after ${ended}`).toEqual(r2);
      if (whole) break;
      expect(ended).toBeLessThan(50);
    }
  });

  it('follows no link that a container has made, and reads nothing that does not end', () => {
    const app = runnerApp(shell);
    app.write('elsewhere/secret', 'of the machine');
    for (const name of ['in/secret', 'pipe', 'turned', 'plain']) app.write(`releases/r1/tree/conf/${name}`, '1');
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    app.run(
      `cd "$base/${data}" && rm -r in pipe turned && ln -s "$base/elsewhere" in && mkfifo pipe && ln -s "$base/elsewhere/secret" turned && ln -s "$base/elsewhere/secret" plain.zebu-new`,
    );
    for (const name of ['in/secret', 'pipe', 'turned', 'plain']) app.write(`releases/r2/tree/conf/${name}`, '2');
    const { lines, journal } = tend(app, 'r2');
    expect(lines).toEqual(['0 ']);
    expect([app.read('elsewhere/secret'), app.list('elsewhere')]).toEqual(['of the machine', ['secret']]);
    expect([app.read(`${data}/plain`), app.read(`${data}/turned`)]).toEqual(['2', '2']);
    expect(said(journal)).toContain('./conf/in/secret of the commit is not put there: something else is in its place');
  });

  it('is brought back from a dump beside the files of the live commit, and is as it was where that is undone', () => {
    const app = runnerApp(shell);
    for (const [release, code] of [
      ['r1', 'one'],
      ['r2', 'two'],
    ] as const) {
      app.write(`releases/${release}/tree/conf/code`, code);
      app.write(`releases/${release}/tree/conf/settings`, 'of the commit');
      app.write(`releases/${release}/tree/conf/other/code`, code);
    }
    app.run(`mkdir -p "$base/${data}" "$base/data"`);
    app.write('dump/manifest', 'store=x\nrelease=r1\n');
    const restore = (part: string): ReturnType<RunnerApp['run']> =>
      app.run(`${NO_ROOT}release=$base/releases/r2 dumped=$base/dump; printf 'conf\\t%s\\n' "$base/shared/mounts/conf" >"$release/tended"
echo 'web|volume|web|id|true|/conf|web.tar' >"$work/filling"
place_of_store() { echo "$base/${data}${part}"; }
know_restored; echo $?`);
    const reads = (): readonly string[] =>
      ['code', 'settings', 'other/code'].map((name) => app.read(`${data}/${name}`));
    // As it was dumped: a service had changed one of both.
    const bring = (): void => {
      tend(app, 'r2');
      app.write(`${data}/code`, 'one');
      app.write(`${data}/other/code`, 'one');
      app.write(`${data}/settings`, 'by the app');
    };
    bring();
    expect(restore('').lines).toEqual(['0']);
    tend(app, 'r2', 'id=r2\n');
    expect(reads()).toEqual(['two', 'by the app', 'two']);
    expect(app.list(data)).toEqual(['code', 'other', 'settings']);
    // Only a part of it is from the dump.
    bring();
    app.write(`${data}/code`, 'by the app, too');
    restore('/other');
    tend(app, 'r2', 'id=r2\n');
    expect(reads()).toEqual(['by the app, too', 'by the app', 'two']);
    // Undone, the old data is there again, and what is known of it.
    bring();
    const before = app.run(`find "$base/shared/placed" -type f -exec cat {} +`).lines;
    restore('');
    expect(app.run(`find "$base/shared/placed" -type f -exec cat {} +`).lines).not.toEqual(before);
    expect(app.run(`know_as_before; find "$base/shared/placed" -type f -exec cat {} +; ls "$base/data"`).lines).toEqual(
      before,
    );
  });

  it('has names with blanks at their ends, and leaves those of services alone', () => {
    const app = runnerApp(shell);
    app.write('releases/r1/tree/conf/x ', 'of the commit');
    app.write('releases/r2/tree/conf/y ', 'of the commit');
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    app.write(`${data}/x`, 'of a service');
    expect(tend(app, 'r2').lines).toEqual(['0 ']);
    expect(app.list(data)).toEqual(['x', 'y ']);
  });

  it('keeps what a service saves while it is replaced', () => {
    const app = runnerApp(shell);
    app.write('releases/r1/tree/conf/settings', '1');
    app.write('releases/r2/tree/conf/settings', '2');
    app.run(`mkdir -p "$base/${data}"`);
    tend(app, 'r1');
    const late = `put_file() { echo saved >"$2"; cp "$1" "$2.n"; mv -T "$2.n" "$2"; }\n`;
    tend(app, 'r2', `id=r2\n${late}`);
    expect([app.read(`${data}/settings`), app.read(`${data}/settings.before-r2`)]).toEqual(['2', 'saved\n']);
  });

  it('has links, and files whose names are no line', () => {
    const app = runnerApp(shell);
    for (const name of ['two\nlines', 'back\\slash', '-rf', "it's"]) app.write(`releases/r2/tree/conf/${name}`, name);
    symlinkSync('-rf', join(app.base, 'releases/r2/tree/conf/link'));
    app.run(`mkdir -p "$base/${data}"`);
    expect(tend(app, 'r2').lines).toEqual(['0 ']);
    expect(app.list(data)).toEqual(['-rf', 'back\\slash', "it's", 'link', 'two\nlines']);
    expect(readlinkSync(join(app.base, data, 'link'))).toBe('-rf');
  });

  it('takes along what is kept for paths within it, which stays where services have it mounted', () => {
    const app = runnerApp(shell);
    app.plan('r1', { directory: 'tree' });
    for (const release of ['r1', 'r2']) app.write(`releases/${release}/tree/conf/settings`, release);
    app.write(`${data}/up loads/photo`, 'x');
    app.write(`${data}/deep/er/it`, 'x');
    app.write('shared/files/k/settings', 'r1');
    app.write('shared/files/k/deep/rows', 'rows');
    app.run(`mkdir -p "$base/shared/files/k/up loads" "$base/shared/files/k/deep/er"`);
    const { lines } = app.run(
      `${NO_ROOT}printf 'conf\\t%s\\n' "$base/shared/files/k" >"$work/carried"
printf 'data\\t%s\\t%s\\tcontent\\tdata\\n' "$release/tree/conf" "$base/${data}" >"$work/decided"
unchanged_data && note_tended && place_data && tend_folders; echo "$? $reason"; cd "$base/${data}" && find . -type f | sort; readlink "$base/shared/files/k"`,
    );
    expect(lines).toEqual([
      '0 ',
      './deep/er/it',
      './deep/rows',
      './settings',
      './up loads/photo',
      join(app.base, data),
    ]);
    expect(app.list('shared/mounts')).toEqual(['conf']);
    expect(app.read('shared/data-names')).toBe('conf\n');
  });

  it('is none because there is data for a path within it', () => {
    const app = runnerApp(shell);
    for (const path of ['app/up [x]*/photo', 'app/old/y']) app.write(`shared/mounts/${path}`, 'x');
    app.write('shared/data-names', 'app/old\n');
    const { lines } =
      app.run(`echo 'app/up [x]*' >"$work/names-now"; kept_itself app; echo 'app/up [x]' >"$work/names-now"; kept_itself app
rm "$base/shared/data-names"; echo 'app/up [x]*' >"$work/names-now"; kept_itself app; echo app >"$base/shared/data-names"; kept_itself app
rm -r "$base/shared/mounts/app"; kept_itself app`);
    expect(lines).toEqual(['missing', 'data', 'data', 'data', 'missing']);
  });
});

// What is kept is named by its content, as tar has it.
describe.each(gnuShells())(
  'a folder of the commit that is kept by its content, in $name',
  { timeout: 60_000 },
  (shell) => {
    const NO_ROOT = 'sudo() { return 1; }\n';
    const data = 'shared/mounts/conf';

    it('is one as soon as the commit changes it, with what was written into the live release', () => {
      const app = runnerApp(shell);
      app.plan('r1', { directory: 'tree' });
      app.write('releases/r1/tree/conf/settings', '1');
      app.write('releases/r2/tree/conf/settings', '1');
      const place = `${NO_ROOT}release=$base/releases/r1; : >"$work/kept"; keep_file "$release/tree/conf" written; cp "$work/kept" "$release/kept"; kept_before=$kept; release=$base/releases/r2\n`;
      const ask = (script: string): readonly string[] =>
        app.run(`${place}${script}written_before conf "$release/tree/conf" | sed 's|.*/shared/files/.*|found|'`).lines;
      // The same content: nothing has to move.
      expect(ask('echo rows >"$kept_before/database"; ')).toEqual([]);
      app.write('releases/r2/tree/conf/settings', '2');
      expect(ask('')).toEqual(['found']);
      expect(ask('rm "$kept_before/database"; ')).toEqual([]);
      expect(ask('echo changed >"$kept_before/settings"; ')).toEqual(['found']);
      expect(app.read('releases/r1/tree/conf/settings')).toBe('1');
      const { journal } = app.run(
        `${place}printf 'data\\t%s\\t%s\\tcontent\\tdata\\n' "$release/tree/conf" "$base/${data}" >"$work/decided"
printf "conf\\t%s\\n" "$kept_before" >"$work/carried"; unchanged_data && note_tended && place_data && tend_folders; echo "$? $reason"`,
      );
      expect(said(journal)).toEqual([
        expect.stringContaining('./conf is part of the commit, and services have written into it'),
        expect.stringContaining('./conf/settings was changed by a service'),
      ]);
      expect(app.read(`${data}/settings`)).toBe('2');
      expect(app.run(`cat "$release/tended"; release=$base/releases/r1; tended`).lines).toEqual(
        Array.from({ length: 2 }, () => `conf\t${app.base}/${data}`),
      );
    });

    it('is named where it stays behind with a release that is gone back from', () => {
      const app = runnerApp(shell);
      app.write('releases/r1/tree/conf/settings', '1');
      app.write('releases/r2/tree/conf/settings', '2');
      const keep = (release: string): string =>
        `release=$base/releases/${release}; : >"$work/kept"; keep_file "$release/tree/conf" written; cp "$work/kept" "$release/kept"; folder_${release}=$kept\n`;
      const back = `release=$base/releases/r1; say_left "$base/releases/r2"`;
      const { journal } = app.run(`${NO_ROOT}${keep('r1')}${keep('r2')}${back}
echo rows >"$folder_r2/database"
${back}`);
      expect(said(journal)).toEqual([
        expect.stringMatching(
          /^\.\/conf: what services have written there since stays in .*shared\/files\/[0-9a-f]{40} of the VM;/,
        ),
      ]);
      // With the release itself, which has the same folder, nothing stays behind.
      expect(said(app.run(`release=$base/releases/r2; say_left "$base/releases/r2"`).journal)).toEqual(said(journal));
    });
  },
);
