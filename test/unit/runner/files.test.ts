import { chmodSync, lstatSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunnerApp, runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

// What is kept by its content, and what is not, is in contents.test.ts.
describe.each(vmShells())('files that are given to containers, in $name', { timeout: 60_000 }, (shell) => {
  const inTree = (app: RunnerApp, name: string): string => `${app.base}/releases/r2/tree/${name}`;
  const mounting = (app: RunnerApp, ...names: readonly string[]): string => {
    const volumes = names.map((name) => ({
      type: 'bind',
      source: inTree(app, name).replaceAll('$', '$$$$'),
      target: `/${name}`,
    }));
    app.write('config', app.config({ services: { web: { volumes } } }));
    return 'cp "$base/config" "$work/config"\n';
  };

  it('are those of the release also where they are named through what is live by then', () => {
    const app = runnerApp(shell);
    app.write('releases/r1/tree/app.conf', 'old');
    app.write('releases/r2/tree/app.conf', 'new');
    symlinkSync('releases/r1', join(app.base, 'current'));
    const source = `${app.base}/current/tree/app.conf`;
    const volumes = [{ type: 'bind', source, target: '/app.conf', read_only: true }];
    app.write('config', app.config({ services: { web: { volumes } } }));
    app.run('cp "$base/config" "$work/config"; place_files');
    const [, kept = ''] = /"source": "([^"]*)"/.exec(app.read('releases/r2/files.yml')) ?? [];
    expect(app.read(kept.slice(app.base.length + 1))).toBe('new');
  });

  it('are found under whatever name, and keep their mode and what links lead to', () => {
    const app = runnerApp(shell);
    const names = ['a b', '-rf', '$(id)', "it's", 'q"q', 'back\\slash', '[x]*'];
    for (const each of names) app.write(`releases/r2/tree/${each}`, each, 0o640);
    app.write('releases/r2/tree/dir/in side/file', 'deep');
    symlinkSync('a b', inTree(app, 'link'));
    const { lines } = app.run(
      `${mounting(app, ...names, 'dir', 'link')}place_files; echo "$?"; grep -c source "$release/files.yml"`,
    );
    expect(lines).toEqual(['0', '9']);
    const mounts = [...app.read('releases/r2/files.yml').matchAll(/- (\{.*)/g)].map(
      ([, entry = '']) => JSON.parse(entry) as { readonly source: string; readonly target: string },
    );
    expect(mounts.map(({ target }) => target)).toEqual([...names, 'dir', 'link'].map((each) => `/${each}`));
    const at = (name: string): string =>
      mounts.find(({ target }) => target === `/${name}`)?.source.slice(app.base.length + 1) ?? '';
    expect(app.read(at('-rf'))).toBe('-rf');
    expect(app.read(`${at('dir')}/in side/file`)).toBe('deep');
    expect(lstatSync(join(app.base, at('link'))).isFile()).toBe(true);
    expect(statSync(join(app.base, at('a b'))).mode & 0o777).toBe(0o640);
  });

  it('are found under whatever name also where they lie in a folder that services write to', () => {
    const app = runnerApp(shell);
    const names = ['a b', '-rf', '$(id)', "it's", 'q"q', 'back\\slash', '[x]*', 'a$b', '$'];
    for (const each of names) app.write(`releases/r2/tree/dir/${each}`, each);
    app.run(`${mounting(app, 'dir', ...names.map((each) => `dir/${each}`))}place_files`);
    const sources = [...app.read('releases/r2/files.yml').matchAll(/- (\{.*)/g)].map(([, entry = '']) =>
      (JSON.parse(entry) as { readonly source: string }).source.replaceAll('$$', '$'),
    );
    const [dir = '', ...within] = sources;
    expect(within).toEqual(names.map((each) => `${dir}/${each}`));
    expect(within.map((each) => app.read(each.slice(app.base.length + 1)))).toEqual(names);
  });

  it('are another one when only the mode is: a program is no text', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/tree/tool', 'x');
    app.run(`${mounting(app, 'tool')}place_files`);
    chmodSync(inTree(app, 'tool'), 0o755);
    app.run(`${mounting(app, 'tool')}place_files`);
    expect(app.list('shared/files')).toHaveLength(2);
  });

  it('are whole or not there: half of one that was left behind is not taken for it', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/tree/dir/a', 'a');
    app.run(`${mounting(app, 'dir')}place_files`);
    const [name = ''] = app.list('shared/files');
    app.run(`mv "$base/shared/files/${name}" "$base/shared/files/${name}.new"; echo half >"$base/shared/files/${name}.new/b"
${mounting(app, 'dir')}place_files`);
    expect(app.list('shared/files')).toEqual([name]);
    expect(app.list(`shared/files/${name}`)).toEqual(['a']);
  });

  it('are those of the commit where somebody has edited in the VM what is kept, under another name each time', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/tree/dir/a', 'a');
    app.write('releases/r2/tree/file', 'f');
    const mounts = ['dir', 'file'].map((name) => ({
      ...{ type: 'bind', source: inTree(app, name), target: `/${name}`, read_only: true },
    }));
    app.write('config', app.config({ services: { web: { volumes: mounts } } }));
    const place = (): readonly string[] => {
      app.run('cp "$base/config" "$work/config"\nplace_files');
      return [...app.read('releases/r2/files.yml').matchAll(/"source": "([^"]*)"/g)].map(([, at = '']) =>
        at.slice(app.base.length + 1),
      );
    };
    const [dir = '', file = ''] = place();
    // As after the next release: its files are no links of what is kept.
    app.run(
      `rm -rf "$release/tree/dir" "$release/tree/file"; mkdir "$release/tree/dir"; printf a >"$release/tree/dir/a"; printf f >"$release/tree/file"`,
    );
    expect(place()).toEqual([dir, file]);
    // A place for what is mounted within is no edit.
    app.run(`mkdir -p "$base/${dir}/inner/most"`);
    expect(place()).toEqual([dir, file]);
    app.run(`echo b >"$base/${dir}/b"; echo g >>"$base/${file}"`);
    const [newDir = '', newFile = ''] = place();
    expect([newDir === dir, newFile === file]).toEqual([false, false]);
    expect([app.list(newDir), app.read(newFile)]).toEqual([['a'], 'f']);
    expect(place()).toEqual([newDir, newFile]);
    // Also when what was edited is removed one day.
    app.run(`rm -r "$base/${dir}" "$base/${file}"`);
    expect(place()).toEqual([newDir, newFile]);
  });

  it('have another name where containers have what somebody has removed', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/tree/dir/a', 'a');
    const place = (): string => {
      app.run(`${mounting(app, 'dir')}previous=r1; place_files`);
      return /shared\/files\/[0-9a-f]{40}/.exec(app.read('releases/r2/files.yml'))?.[0] ?? '';
    };
    const first = place();
    app.run('cp "$release/files.yml" "$base/releases/r1/files.yml"');
    expect(place()).toBe(first);
    app.run('rm -r "$base/shared/files"');
    const second = place();
    expect([second === first, app.list(second)]).toEqual([false, ['a']]);
    app.run('cp "$release/files.yml" "$base/releases/r1/files.yml"');
    expect(place()).toBe(second);
  });

  it('stay where the folder of an earlier run, or a container, still names them', () => {
    const app = runnerApp(shell);
    const [used, named, gone] = ['a', 'b', 'c'].map((each) => each.repeat(40)) as [string, string, string];
    for (const each of [used, named, gone]) app.write(`shared/files/${each}`, 'x');
    app.write(
      'releases/r1/files.yml',
      `services: { web: { volumes: [{ "source": "${app.base}/shared/files/${named}" }] } }\n`,
    );
    app.run(`echo "/x,$base/shared/files/${used}" >"$work/uses"; : >"$work/volumes"; prune_files`);
    expect(app.list('shared/files')).toEqual([used, named]);
  });
});
