import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAs, type Tree } from '../../support/runner-commit.js';
import { runnerApp, says, type RunnerApp } from '../../support/runner-app.js';
import { gnuShells, someIn, type VmShell, vmShells } from '../../support/shells.js';

const ID = (digit: string): string => `sha256:${digit.repeat(64)}`;
/** A digest of the settings, git's name of the files, and of each image that it starts from. */
const KEY = /^[0-9a-f]{32}\.[0-9a-f]{40}(\.[0-9a-f]*)*$/;
type Files = Readonly<Record<string, string>>;

interface Build {
  readonly files: Tree;
  readonly services?: (tree: string) => object;
  /** What Docker has, by name. */
  readonly here?: Files;
}

const FILES = { 'web/Dockerfile': 'FROM scratch\nCOPY . /\n', 'web/index.html': 'one\n', 'compose.yml': '' };
const web = (tree: string): object => ({ web: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile' } } });

/** The keys of release r2: image → key. */
function keys(app: RunnerApp, { files, services = web, here = {} }: Build, id = 'r2'): Files {
  commitAs(app, id, files);
  const tree = join(app.base, 'releases', id, 'tree');
  app.write('config', app.config({ services: services(tree) }));
  app.docker({
    'image ls': says(...Object.entries(here).map(([name, image]) => `${name} ${image}`)),
  });
  const { lines } = app.run(
    `id=${id} release=$base/releases/${id} tree=$base/releases/${id}/tree; cp "$base/config" "$work/config"; find_keys; cat "$work/keys"`,
  );
  return Object.fromEntries(
    lines.map((line) => {
      const [key = '', image = ''] = line.split(' ');
      expect(key).toMatch(KEY);
      return [image, key];
    }),
  );
}

const fresh = (shell: VmShell, build: Build): Files => keys(runnerApp(shell), build);

/** What place_commit leaves of a large release. */
const MARKED = `GIT_INDEX_FILE=$release/index git --git-dir="$base/repo.git" ls-files -z >"$release/written"
mark_checkout "$release/mark" refs/zebu/r2; pass_mark "$release/mark" "$base/later"`;

describe.each(vmShells())('the key of a build, in $name', { timeout: 60_000 }, (shell) => {
  it('is the same for the same files and settings, whatever release they are of', () => {
    const app = runnerApp(shell);
    const first = keys(app, { files: FILES }, 'r1');
    expect(Object.keys(first)).toEqual(['shop-web']);
    expect(keys(app, { files: { ...FILES, 'compose.yml': '# other', 'api/x': 'new' } })).toEqual(first);
    expect(keys(app, { files: { ...FILES, 'web/index.html': 'two\n' } })).not.toEqual(first);
    expect(keys(app, { files: { ...FILES, 'web/.dockerignore': 'x\n' } })).not.toEqual(first);
    const withArgs =
      (value: string) =>
      (tree: string): object => ({
        web: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile', args: { A: value } } },
      });
    const one = keys(app, { files: FILES, services: withArgs('1') });
    expect(one).not.toEqual(first);
    expect(keys(app, { files: FILES, services: withArgs('2') })).not.toEqual(one);
    // A digest is no way to guess what is in a setting.
    app.write('shared/secrets/key', 'random\n');
    expect(keys(app, { files: FILES })).not.toEqual(first);
  });

  it('has the images of this machine that it starts from', () => {
    const files = {
      ...FILES,
      'web/Dockerfile':
        'ARG VERSION=20\nARG FLAVOUR\nFROM --platform=linux/amd64 docker.io/library/node:${VERSION}-slim AS build\nRUN echo \\\n  FROM nothing\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=tools /b /b\nRUN --mount=type=bind,from=registry.example.org:5000/x,target=/x true\n',
    };
    const services = (tree: string): object => ({
      web: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile', args: { VERSION: '22' } } },
    });
    const here = {
      'node:22-slim': ID('a'),
      'tools:latest': ID('b'),
      'registry.example.org:5000/x:latest': ID('c'),
      'other:1': ID('d'),
    };
    const app = runnerApp(shell);
    const first = keys(app, { files, services, here });
    for (const name of ['node:22-slim', 'tools:latest', 'registry.example.org:5000/x:latest'])
      expect(keys(app, { files, services, here: { ...here, [name]: ID('e') } }), name).not.toEqual(first);
    expect(keys(app, { files, services, here: { ...here, 'other:1': ID('e'), 'node:20-slim': ID('f') } })).toEqual(
      first,
    );
  });

  it.each(
    someIn<[string, string]>(shell, [
      ['something is fetched', 'FROM scratch\nADD https://example.org/x /x\n'],
      ['something is fetched from a variable', 'ARG URL=https://example.org/x\nFROM scratch\nADD ${URL} /x\n'],
      ['something is fetched by somebody else', 'FROM scratch\nADD deploy@example.org:x.git /x\n'],
      ['it is another language', '# syntax=example.org/dockerfile-x\nFROM scratch\n'],
      ['it ends within a line', 'FROM scratch\nRUN true \\\n'],
      ['the base is escaped', 'ARG V=1\nFROM node:\\$V\n'],
      ['something is fetched over two lines', 'FROM scratch\nADD \\\n  git@example.org:x.git /x\n'],
      ['the base is not known', 'FROM node:$VERSION\n'],
      ['the base is in a pattern', 'ARG V=1\nFROM node:${V:-2}\n'],
      ['another sign stands at the end of a line', '# escape=`\nFROM scratch\n'],
      ['another service builds the base', 'FROM shop-base\n'],
      ['it starts from nothing', '# syntax=docker/dockerfile:1\n'],
    ]),
  )('is none where %s', (_, dockerfile) => {
    const services = (tree: string): object => ({
      base: { build: { context: `${tree}/base`, dockerfile: 'Dockerfile' } },
      web: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile' } },
    });
    const files = { ...FILES, 'web/Dockerfile': dockerfile, 'base/Dockerfile': 'FROM scratch\n' };
    expect(Object.keys(fresh(shell, { files, services }))).toEqual(['shop-base']);
  });

  it.each(
    someIn<[string, object]>(shell, [
      ['pull', { pull: true }],
      ['no_cache', { no_cache: true }],
      ['additional_contexts', { additional_contexts: { x: 'https://example.org/x.git' } }],
      ['no_cache_filter', { no_cache_filter: ['one'] }],
      ['tags', { tags: ['shop-web:other'] }],
      ['cache_to', { cache_to: ['type=registry,ref=x'] }],
      ['dockerfile_inline', { dockerfile_inline: 'FROM scratch' }],
      ['a context from elsewhere', { context: 'https://example.org/x.git' }],
      ['a Dockerfile from elsewhere', { dockerfile: '../Dockerfile' }],
      ['a Dockerfile that is not there', { dockerfile: 'Missing' }],
      ['a folder for a Dockerfile', { dockerfile: '.' }],
      ['a folder that is a link', { context: 'LINK' }],
    ]),
  )('is none with %s', (_, more) => {
    const services = (tree: string): object => {
      const build = { context: `${tree}/web`, dockerfile: 'Dockerfile', ...more };
      return { web: { build: build.context === 'LINK' ? { ...build, context: `${tree}/gone` } : build } };
    };
    expect(fresh(shell, { files: FILES, services })).toEqual({});
  });

  it('has what variables say, once: what a value says is none', () => {
    const app = runnerApp(shell);
    const base = (text: string, args: object, here: string): Files =>
      keys(app, {
        files: { ...FILES, 'web/Dockerfile': text },
        services: (tree) => ({ web: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile', args } } }),
        here: { [here]: ID('a'), ...(here === 'x:1' ? {} : { 'x:1': ID('b') }) },
      });
    const prefix = 'ARG REGISTRY=\nARG NAME=${REGISTRY}x\nFROM ${NAME}:1\n';
    expect(base(prefix, {}, 'x:1')).not.toEqual(base(prefix, {}, 'y:1'));
    expect(base(prefix, {}, 'x:1')).not.toEqual(base(prefix, {}, 'x:2'));
    // Of itself it is not known, and of a value with a dollar it is no variable either.
    expect(base('ARG X=${X}\nFROM ${X}alpine:3\n', {}, 'x:1')).toEqual({});
    expect(Object.keys(base('ARG X\nFROM ${X}:1\n', { X: '$$X' }, 'x:1'))).toEqual(['shop-web']);
    // Without a value on this machine it has the one of the Dockerfile.
    const unset = 'ARG TAG=1\nFROM x:${TAG}\n';
    expect(base(unset, { TAG: null }, 'x:1')).not.toEqual(base(unset, { TAG: null }, 'y:1'));
  });

  it('has what an instruction of many lines starts from, however it is spelled', () => {
    const app = runnerApp(shell);
    const files = {
      ...FILES,
      'web/Dockerfile':
        '\uFEFFfrom x:1 as one\r\nRUN --mount=type=cache,target=/c \\\r\n\r\n  # why\r\n  --mount="type=bind,From=tools,target=/t" true\r\nFROM one\r\n',
    };
    const here = { 'x:1': ID('a'), 'tools:latest': ID('b') };
    const first = keys(app, { files, here });
    expect(Object.keys(first)).toEqual(['shop-web']);
    expect(keys(app, { files, here: { ...here, 'x:1': ID('c') } })).not.toEqual(first);
    expect(keys(app, { files, here: { ...here, 'tools:latest': ID('c') } })).not.toEqual(first);
    expect(keys(app, { files, here: { ...here, 'one:latest': ID('c') } })).toEqual(first);
  });

  it('is another one for another service, and for another platform', () => {
    const app = runnerApp(shell);
    const services =
      (more: object) =>
      (tree: string): object => {
        const build = { context: `${tree}/web`, dockerfile: 'Dockerfile' };
        return { web: { build, ...more }, worker: { build } };
      };
    const first = keys(app, { files: FILES, services: services({}) });
    expect(new Set(Object.values(first)).size).toBe(2);
    const other = keys(app, { files: FILES, services: services({ platform: 'linux/arm64' }) });
    expect([other['shop-web'] === first['shop-web'], other['shop-worker']]).toEqual([false, first['shop-worker']]);
  });

  it('is none where a link leads to the Dockerfile, nor for what has a name that is given at the same time', () => {
    const app = runnerApp(shell);
    const services = (tree: string): object => ({
      base: { build: { context: `${tree}/base`, dockerfile: 'Dockerfile', tags: ['acme/base:2'] } },
      linked: { build: { context: `${tree}/web`, dockerfile: 'docker/Dockerfile' } },
      other: { build: { context: `${tree}/other`, dockerfile: 'Dockerfile' } },
      user: { build: { context: `${tree}/user`, dockerfile: './Dockerfile' } },
      web: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile' } },
    });
    const files = {
      ...FILES,
      'base/Dockerfile': 'FROM scratch\n',
      'web-files/Dockerfile': 'FROM scratch\n',
      'user/Dockerfile': 'FROM acme/base:2\n',
      'web/docker': { link: '../web-files' },
      'other/file': 'x',
      // Some versions of buildx follow it out of the context.
      'other/Dockerfile': { link: '../web-files/Dockerfile' },
    };
    expect(Object.keys(keys(app, { files, services }))).toEqual(['shop-web']);
  });

  it('is that of who builds, where several services share an image', () => {
    const services = (tree: string): object => ({
      api: { build: { context: `${tree}/web`, dockerfile: 'Dockerfile' }, image: 'shop:latest' },
      job: { build: { context: `${tree}/job`, dockerfile: 'Dockerfile' }, image: 'shop:latest' },
    });
    const app = runnerApp(shell);
    const files = { ...FILES, 'job/Dockerfile': 'FROM scratch\n' };
    const first = keys(app, { files, services });
    expect(Object.keys(first)).toEqual(['shop:latest']);
    expect(keys(app, { files: { ...files, 'job/x': '1' }, services })).toEqual(first);
    expect(keys(app, { files: { ...files, 'web/x': '1' }, services })).not.toEqual(first);
  });
});

describe.each(gnuShells())('what the hook before the build leaves, in $name', { timeout: 60_000 }, (shell) => {
  const hooked = { ...FILES, '.zebu/hooks/pre-build': '#!/bin/sh\n' };
  /** The keys with what the hook has done to the checkout. */
  function after(app: RunnerApp, done: (tree: string) => void): Files {
    commitAs(app, 'r2', hooked);
    const tree = join(app.base, 'releases/r2/tree');
    done(tree);
    app.write('config', app.config({ services: web(tree) }));
    const { lines } = app.run('cp "$base/config" "$work/config"; find_keys; cat "$work/keys"');
    return Object.fromEntries(lines.map((line) => line.split(' ').slice(0, 2).toReversed() as [string, string]));
  }
  const write = (app: RunnerApp, file: string, text: string, mode = 0o644): void =>
    app.write(`releases/r2/tree/${file}`, text, mode);

  it('is part of the key: what it made, changed, removed, and may be run', () => {
    const app = runnerApp(shell);
    // More than are read one by one.
    const many = (): void => {
      for (let i = 0; i < 12; i++) write(app, `web/many${i}`, String(i));
    };
    const all = [
      () => undefined,
      () => write(app, 'web/made', '1'),
      () => write(app, 'web/made', '2'),
      () => write(app, 'web/made', '2', 0o755),
      () => write(app, 'web/-T', '2'),
      () => symlinkSync('made', join(app.base, 'releases/r2/tree/web/link')),
      // What is moved from one file into another.
      () => (write(app, 'web/a', '12'), write(app, 'web/b', '3')),
      () => (write(app, 'web/a', '1'), write(app, 'web/b', '23')),
      () => (write(app, 'web/a', '1', 0o755), write(app, 'web/b', '23')),
      () => (write(app, 'web/a', '1'), write(app, 'web/b', '23', 0o755)),
      () => many(),
      () => (many(), write(app, 'web/many7', 'changed')),
      () => (many(), write(app, 'web/many7', '7', 0o755)),
      () => write(app, 'web/index.html', 'changed, and longer'),
      (tree: string) => rmSync(join(tree, 'web/index.html')),
      (tree: string) => chmodSync(join(tree, 'web/index.html'), 0o600),
      (tree: string) => mkdirSync(join(tree, 'web/cache')),
      (tree: string) => mkdirSync(join(tree, 'web/cache'), { mode: 0o700 }),
    ].map((done) => after(app, done)['shop-web'] ?? '');
    for (const key of all) expect(key).toMatch(new RegExp(`${KEY.source.slice(0, -1)}(-[0-9a-f]{64})+(-x[.0-9]+)?$`));
    expect(new Set(all).size).toBe(all.length);
    // Again the same.
    expect(after(app, () => write(app, 'web/made', '1'))['shop-web']).toBe(all[1]);
  });

  it('is the same part where the files have a mark, and looked for by it where files were only put beside them', () => {
    const byMark = (done: (tree: string) => void): { readonly enough: boolean; readonly key: string } => {
      const app = runnerApp(shell);
      // A key of the secrets would be another one each time.
      const withoutMark = after(app, done)['shop-web'] ?? '';
      commitAs(app, 'r2', hooked);
      app.run(`${MARKED}; [ -e "$release/mark" ]`);
      done(join(app.base, 'releases/r2/tree'));
      const { lines } = app.run(`cp "$base/config" "$work/config"
if only_added; then echo enough; else echo not; fi; find_keys; cat "$work/keys"`);
      expect(lines[1]?.split(' ')[0] ?? '').toBe(withoutMark);
      return { enough: lines[0] === 'enough', key: withoutMark };
    };
    const put = (name: string, text: string, mode?: number) => (tree: string) => {
      writeFileSync(join(tree, name), text);
      if (mode !== undefined) chmodSync(join(tree, name), mode);
    };
    const beside = someIn(shell, [
      () => undefined,
      put('busybox', '1'),
      put('busybox', '2'),
      put('busybox', '2', 0o755),
      put('busybox', '2', 0o600),
      put('a b', '1'),
      (tree: string) => symlinkSync('web', join(tree, 'link')),
    ]).map(byMark);
    expect(beside.map(({ enough }) => enough)).toEqual(beside.map(() => true));
    expect(new Set(beside.map(({ key }) => key)).size).toBe(beside.length);
    const others = someIn(shell, [
      put('web/made', '1'),
      put('web/index.html', 'two\n'),
      put('é', '1'),
      (tree: string) => rmSync(join(tree, 'web/index.html')),
      (tree: string) => mkdirSync(join(tree, 'cache')),
    ]).map(byMark);
    expect(others.map(({ enough }) => enough)).toEqual(others.map(() => false));
  });

  describe('and is told later', () => {
    /** A release whose hook has done that, with the time when it had; its keys are noted as those of its builds. */
    const built = (done = '', before = ''): RunnerApp => {
      const app = runnerApp(shell);
      commitAs(app, 'r2', hooked);
      app.write('config', app.config({ services: web(join(app.base, 'releases/r2/tree')) }));
      app.run(
        `previous=r1; mkdir -p "$base/releases/r1"; cp "$base/config" "$work/config"
${MARKED}
echo 1 >"$tree/made"; ${done}
mark_left; ${before}
find_keys unasked; awk '{ print $1, "sha256:id", 1, $3, $4 }' "$work/keys" >"$release/builds"; echo "$left" >"$release/left"`,
      );
      return app;
    };
    const noted = (app: RunnerApp): string => app.read('releases/r2/builds').split(' ')[0] ?? '';
    const told = (app: RunnerApp, since = ''): string => {
      const { lines } = app.run(`live=$base/releases/r2
${since}
if tell_left; then echo yes; else echo no; fi`);
      return lines[0] ?? '';
    };

    it('as what it would have been at once', () => {
      const app = built();
      expect(noted(app)).toMatch(new RegExp(`${KEY.source.slice(0, -1)}-later$`));
      expect(told(app)).toBe('yes');
      const { lines } = app.run(
        'cp "$base/config" "$work/config"; find_keys; read -r key _ <"$work/keys"; echo "$key"; echo "$left"',
      );
      expect([noted(app), app.read('releases/r2/left').trim()]).toEqual(lines);
    });

    it.each(
      someIn<[string, string]>(shell, [
        ['what it left was changed', 'echo 2 >"$live/tree/made"'],
        [
          'what it left was changed, and has its time again',
          'echo 2 >"$live/tree/made"; touch -d @1 "$live/tree/made"',
        ],
        ['what it left is gone', 'rm "$live/tree/made"'],
        ['what it left was replaced', 'echo 1 >"$live/tree/new"; mv "$live/tree/new" "$live/tree/made"'],
        ['something came', 'echo 1 >"$live/tree/more"'],
        ['a file of the commit was changed', 'echo 2 >"$live/tree/web/index.html"'],
        ['a file of the commit has another name besides', 'ln "$live/tree/web/index.html" "$base/other"'],
        ['a folder came', 'mkdir "$live/tree/web/more"'],
        ['the clock was set', 'touch -d "@$(($(date +%s) - 3600))" "$live/left-mark"'],
        ['it is not known when the hook had done', 'rm "$live/left-mark"'],
      ]),
    )('by nobody where %s since', (_, since) => {
      const app = built();
      expect(told(app, since)).toBe('no');
      expect(noted(app)).toMatch(/-later$/);
    });

    it.each(
      someIn<[string, string, string]>(shell, [
        ['it has changed more than can be told so', 'echo 2 >"$tree/web/index.html"', ''],
        ['it has put something into a folder', 'echo 2 >"$tree/web/made"', ''],
      ]),
    )('by nobody where %s', (_, done, before) => {
      expect(told(built(done, before))).toBe('no');
    });

    it.each(
      someIn<[string, string, string]>(shell, [
        ['another hook may write there', 'echo >"$tree/.zebu/hooks/post-deploy"', ''],
        ['containers are given files of the commit', 'echo x >"$base/releases/r1/files.yml"', ''],
        ['the repository is small', 'rm "$release/written"', ''],
        ['the time could not be noted', '', 'rm "$release/left-mark"'],
      ]),
    )('only where it can be: not where %s', (_, done, before) => {
      expect(noted(built(done, before))).toMatch(/-[0-9a-f]{64}$/);
    });
  });

  it('leaves no key where it cannot be read, or has a name that no list can have', () => {
    const app = runnerApp(shell);
    expect(after(app, () => write(app, 'web/a\nb', '1'))).toEqual({});
    expect(
      after(app, (tree) => {
        mkdirSync(join(tree, 'web/inner'));
        execFileSync('git', ['init', '-q', join(tree, 'web/inner')]);
        write(app, 'web/inner/x', '1');
      }),
    ).toEqual({});
    const blind = after(app, (tree) => {
      write(app, 'web/locked', '1');
      chmodSync(join(tree, 'web/locked'), 0);
    });
    // Root reads whatever there is.
    expect(Object.keys(blind)).toEqual(process.getuid?.() === 0 ? ['shop-web'] : []);
  });
});

describe.each(vmShells())('what was built before, in $name', { timeout: 60_000 }, (shell) => {
  const kept = (
    app: RunnerApp,
    builds: string,
    script = '',
    here: readonly string[] = [ID('a')],
  ): readonly string[] => {
    app.write('releases/r1/builds', builds);
    app.docker({ 'image inspect': `${says(...here.map((id) => `${id} shop-web:latest zebu/shop-web:aaa`))}\nexit 1` });
    return app.run(`booted=0; IFS=. read -r now _ </proc/uptime
printf '%s\\n' 'KEY shop-web tree web' >"$work/keys"
sed "s/NOW/$now/; s/OLD/$((now - 86401))/; s/AHEAD/$((now + 60))/" "$base/releases/r1/builds" >"$base/b" && mv "$base/b" "$base/releases/r1/builds"
${script}
find_kept_images; sed "s/ [0-9][0-9]* / N /" "$work/kept-images"`).lines;
  };

  it('is kept where the key is the same and the image still here', () => {
    const app = runnerApp(shell);
    expect(kept(app, `KEY ${ID('a')} NOW tree web\n`)).toEqual([
      `shop-web ${ID('a')} N shop-web:latest zebu/shop-web:aaa`,
    ]);
    expect(kept(app, `OTHER ${ID('a')} NOW tree web\n`)).toEqual([]);
    expect(kept(app, `KEY ${ID('a')} NOW tree web\n`, '', [])).toEqual([]);
  });

  it('is not after a day, nor from a time that is still to come, nor where it is to be built', () => {
    const app = runnerApp(shell);
    expect(kept(app, `KEY ${ID('a')} OLD tree web\n`)).toEqual([]);
    expect(kept(app, `KEY ${ID('a')} AHEAD tree web\n`)).toEqual([]);
    expect(kept(app, `KEY ${ID('a')} NOW tree web\n`, 'rebuild=1')).toEqual([]);
  });

  it('is looked for only where the files of a build are those of a release that is kept', () => {
    const app = runnerApp(shell);
    const may = (): readonly string[] =>
      app.run('id=r2; compare_trees; if [ -n "$same_context" ]; then echo yes; else echo no; fi').lines;
    commitAs(app, 'r2', FILES);
    expect(may()).toEqual(['no']);
    const tree = execFileSync('git', [`--git-dir=${app.base}/repo.git`, 'rev-parse', 'refs/zebu/r2:web'], {
      encoding: 'utf8',
    }).trim();
    app.write('releases/r1/builds', `k ${ID('b')} 1 0000 a folder\nk ${ID('a')} 1 ${tree} web\n`);
    expect(may()).toEqual(['yes']);
    commitAs(app, 'r2', { ...FILES, 'web/index.html': 'two' });
    expect(may()).toEqual(['no']);
    // As where a tag is deployed again that was live before.
    const now = Math.floor(Date.now() / 1000);
    const two = execFileSync('git', [`--git-dir=${app.base}/repo.git`, 'rev-parse', 'refs/zebu/r2:web'], {
      encoding: 'utf8',
    }).trim();
    const before = (line: string): readonly string[] => {
      app.write('releases/r0/builds', `k ${ID('b')} ${now} 0000 \n${line}\n`);
      return may();
    };
    expect(before(`k ${ID('a')} ${now - 60} ${two} web`)).toEqual(['yes']);
    // Of a day ago, of a time to come, and of a hook that nobody has asked about.
    expect(before(`k ${ID('a')} ${now - 86_500} ${two} web`)).toEqual(['no']);
    expect(before(`k ${ID('a')} ${now + 600} ${two} web`)).toEqual(['no']);
    expect(before(`k-later ${ID('a')} ${now - 60} ${two} web`)).toEqual(['no']);
  });

  it('is noted with the day it was built, which stays when it is kept', () => {
    const app = runnerApp(shell);
    app.docker({ 'image inspect': says(`${ID('b')} shop-api:latest`), tag: '' });
    app.run(`printf '%s\\n' 'K1 shop-web t1 web' 'K2 shop-api t2 a folder' 'K3 gone t3 ' >"$work/keys"
printf '%s\\n' 'shop-web ${ID('a')} 17 shop-web:latest' >"$work/kept-images"
printf '%s\\n' 'web shop-web web' 'api shop-api api' >"$work/built"; : >"$work/pulled"
booted=1000000; pin_images`);
    const lines = app.read('releases/r2/builds').split('\n');
    expect(lines[0]).toBe(`K1 ${ID('a')} 17 t1 web`);
    expect(lines[1]).toMatch(new RegExp(`^K2 ${ID('b')} 1\\d{6} t2 a folder$`));
    expect(lines.slice(2)).toEqual(['']);
  });
});
