import { chmodSync, lstatSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunnerApp, runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

// What is data is decided in mounts.sh; here it is put where it is kept.
describe.each(vmShells())('data of an app, in $name', { timeout: 60_000 }, (shell) => {
  const decided = (app: RunnerApp, ...lines: readonly (readonly string[])[]): string => {
    app.write('decided', lines.map((line) => `${['data', ...line].join('\t')}\n`).join(''));
    return `sudo() { return 1; }; cp "$base/decided" "$work/decided"
`;
  };
  const inTree = (app: RunnerApp, name: string): string => `${app.base}/releases/r2/tree/${name}`;
  const kept = (app: RunnerApp, name: string): string => `${app.base}/shared/mounts/${name}`;

  it('has a folder of its own, made of what the commit has there, with all names and links in it', () => {
    const app = runnerApp(shell);
    for (const each of ['-rf', 'a b/$(id)', "it's", 'two\nlines']) app.write(`releases/r2/tree/up loads/${each}`, each);
    symlinkSync('a b', inTree(app, 'up loads/link'));
    const { lines } = app.run(
      `${decided(app, [inTree(app, 'up loads'), kept(app, 'up loads'), 'content', 'missing'], [inTree(app, 'new'), kept(app, 'sub/new'), 'missing', 'missing'])}note_tended; place_data && tend_folders; echo "$? [$cause]"`,
    );
    expect(lines).toEqual(['0 []']);
    expect(app.list('shared/mounts/up loads')).toEqual(['-rf', 'a b', "it's", 'link', 'two\nlines']);
    expect(readlinkSync(kept(app, 'up loads/link'))).toBe('a b');
    expect(app.list('shared/mounts/sub/new')).toEqual([]);
  });

  it('may be written to by root without any capability as well, where nobody has made it', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(
      `${decided(app, [inTree(app, 'new'), kept(app, 'sub/new'), 'missing', 'missing'])}sudo() { echo "$*"; }; place_data`,
    );
    expect(lines).toEqual([`-n chgrp 0 ${kept(app, 'sub/new')}`, `-n chmod 775 ${kept(app, 'sub/new')}`]);
  });

  it('is given what is new in the commit, and keeps every byte that it has', () => {
    const app = runnerApp(shell);
    app.write('shared/mounts/data/kept', 'data');
    for (const each of ['kept', 'sub/new one', 'two\nlines'])
      app.write(`releases/r2/tree/data/${each}`, `commit ${each}`);
    const { lines } = app.run(
      `${decided(app, [inTree(app, 'data'), kept(app, 'data'), 'content', 'data'])}note_tended; place_data && tend_folders; echo "$? $reason"`,
    );
    expect(lines).toEqual(['0 ']);
    expect(app.read('shared/mounts/data/kept')).toBe('data');
    expect(app.read('shared/mounts/data/sub/new one')).toBe('commit sub/new one');
    expect(app.read('shared/mounts/data/two\nlines')).toBe('commit two\nlines');
  });

  it('is refused where the commit has something else in a file of it, by name', () => {
    const app = runnerApp(shell);
    app.write('shared/mounts/data/a b', 'data');
    app.write('releases/r2/tree/data/a b', 'other');
    app.write('releases/r2/tree/data/.gitkeep', 'x');
    app.write('shared/mounts/data/.gitkeep', 'y');
    const { lines } = app.run(
      `${decided(app, [inTree(app, 'data'), kept(app, 'data'), 'content', 'data'])}unchanged_data || echo "$cause: $reason"`,
    );
    expect(lines).toEqual([expect.stringMatching(/^data-conflict: .*has something else in a b there: take it out/)]);
    // Also where its name is two lines, deep in the folder.
    app.write('shared/mounts/data/sub/two\nlines', 'data');
    app.write('releases/r2/tree/data/sub/two\nlines', 'other');
    expect(app.run('first_difference "$tree/data" "$base/shared/mounts/data" | tail -n 1').lines).toEqual(['a b']);
    expect(app.run('first_within "$tree/data/sub" "$base/shared/mounts/data/sub" sub/').lines).toEqual([
      'sub/two',
      'lines',
    ]);
  });

  it('that lay in the release before is moved, and who has it open finds it through a link', () => {
    const app = runnerApp(shell);
    app.plan('r1', { directory: 'tree' });
    app.write('releases/r1/tree/data/written', 'by the app');
    // No commit of the release before is known: what was committed cannot be told, and nothing is moved.
    const there = decided(app, [inTree(app, 'data'), kept(app, 'data'), 'missing', 'missing']);
    app.run(`${there}place_data`);
    expect(app.list('shared/mounts/data')).toEqual([]);
    const { journal } = app.run(`${there}rmdir "$base/shared/mounts/data"; was_committed() { return 1; }; place_data`);
    expect(app.read('shared/mounts/data/written')).toBe('by the app');
    expect(lstatSync(join(app.base, 'releases/r1/tree/data')).isSymbolicLink()).toBe(true);
    expect(said(journal)).toEqual([
      `what was written into ${app.base}/releases/r1/tree/data is kept in ${kept(app, 'data')} from now on`,
    ]);
  });

  it('is noted by the name under which it is kept, also where that is beside the repository', () => {
    const app = runnerApp(shell);
    app.run(`${decided(app, [`${app.base}/releases/r2/beside`, kept(app, 'beside'), 'missing', 'missing'])}place_data`);
    expect(app.read('shared/data-names')).toBe('beside\n');
  });

  it('stays where a volume has it, in the folder of an earlier release', () => {
    const app = runnerApp(shell);
    app.run(`${decided(app, [inTree(app, 'pg'), `${app.base}/releases/r1/tree/pg`, 'missing', 'data'])}place_data`);
    expect([app.has('releases/r1/tree/pg'), app.has('shared/mounts')]).toEqual([false, false]);
  });

  it('refuses what cannot be put there, with nothing started', () => {
    const app = runnerApp(shell);
    app.write('shared/mounts', 'a file is in the way');
    const { lines } = app.run(
      `${decided(app, [inTree(app, 'data'), kept(app, 'data'), 'missing', 'missing'])}place_data || echo "$cause: $reason"`,
    );
    expect(lines).toEqual([
      `data-unplaced: there is no room for data in ${kept(app, 'data')}, or it may not be written`,
    ]);
    chmodSync(join(app.base, 'shared/mounts'), 0o644);
  });

  it('was committed where the release before has more there than what keeps a folder', () => {
    const app = runnerApp(shell);
    const listed = (...lines: readonly string[]): string =>
      `git() { printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}; }; was_committed data && echo committed || echo data`;
    const { lines } = app.run(`was_committed data && echo committed
${listed('100644 blob aaa      12\tdata/file')}
${listed('100644 blob aaa      12\tdata/.gitkeep', '100644 blob aaa       0\tdata/empty')}
${listed('')}`);
    expect(lines).toEqual(['committed', 'committed', 'data', 'data']);
  });
});
