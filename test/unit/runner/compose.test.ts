import { symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('a release as Compose is told it, in $name', { timeout: 60_000 }, (shell) => {
  it('is its files in their order, what zebu adds after them, and the last word in variables to what is newest', () => {
    const app = runnerApp(shell);
    app.plan('r2', {
      ...{
        files: '-f deploy/compose.yml -f deploy/prod.yml --profile jobs',
        directory: 'tree/deploy',
        secrets: '3.env',
      },
      ...{
        proxy_compose: 'services: {}\n',
        release_env: 'ZEBU_RELEASE=r2\n',
        settings_from: 'here',
        settings: "A='b'\n",
      },
    });
    app.write('releases/r2/tree/deploy/.env', 'FROM=commit\n');
    app.write('shared/secrets/bound.env', "DB='old'\n");
    for (const version of [3, 10]) app.write(`shared/secrets/${version}.env`, "DB='older'\n");
    for (const each of ['images', 'shared']) app.write(`releases/r2/${each}.yml`, 'services: {}\n');
    app.write('releases/r2/files.yml', '');
    app.docker({ 'compose up': 'pwd' });
    const { calls, lines } = app.run('compose up -d "a b"');
    const release = `${app.base}/releases/r2`;
    const option = (name: string, ...values: readonly string[]): readonly string[] =>
      values.flatMap((each) => [name, each]);
    expect(calls[0]).toEqual([
      ...['docker', 'compose', '--progress', 'plain', '-p', 'shop', '--project-directory', `${release}/tree/deploy`],
      ...option('-f', 'deploy/compose.yml', 'deploy/prod.yml'),
      ...['--profile', 'jobs'],
      ...option('-f', ...['proxy', 'shared', 'images'].map((each) => `${release}/${each}.yml`)),
      ...option('--env-file', `${release}/tree/deploy/.env`, `${release}/settings.env`),
      ...option(
        '--env-file',
        `${app.base}/shared/secrets/3.env`,
        `${app.base}/shared/secrets/bound.env`,
        `${release}/release.env`,
      ),
      ...['up', '-d', 'a b'],
    ]);
    expect(lines).toEqual([`${release}/tree`]);
    expect(app.read('releases/r2/settings.env')).toBe("A='b'\n");
  });

  it.each([
    ['has more room for garbage', 'services: {}\n', '', '400'],
    ['not where a Compose file asks for that variable', 'services: {a: {environment: [GOGC]}}\n', '', '50'],
    ['nor where its .env does', 'services: {}\n', 'A=${GOGC}\n', '50'],
    ['nor where one brings others in', 'include: [b.yml]\n', '', '50'],
  ])('%s', (_, compose, env, collects) => {
    const app = runnerApp(shell);
    app.plan('r2', { files: '-f a.yml' });
    app.write('releases/r2/tree/a.yml', compose);
    app.write('releases/r2/tree/.env', env);
    app.docker({ 'compose up': 'echo "$GOGC"' });
    expect(app.run('export GOGC=50; compose up').lines).toEqual([collects]);
  });

  it('has what was rotated over an older version of the secrets, and the newest version over that', () => {
    const app = runnerApp(shell);
    app.write('shared/secrets/bound.env', "DB='rotated'\n");
    for (const version of [2, 9, 10]) app.write(`shared/secrets/${version}.env`, "DB='x'\n");
    app.docker({ 'compose ps': ':' });
    const told = (version: string): readonly string[] => {
      app.plan('r2', { files: '-f a.yml', secrets: version });
      const [call = []] = app.run('compose ps').calls;
      return call.flatMap((each, index) => (call[index - 1] === '--env-file' ? [each.split('/').at(-1) ?? ''] : []));
    };
    expect(told('9.env')).toEqual(['9.env', 'bound.env']);
    expect(told('10.env')).toEqual(['10.env']);
  });

  it('is nothing of the release that was loaded before', () => {
    const app = runnerApp(shell);
    app.plan('r1', {
      files: '-f a.yml',
      routes: 'web',
      drain: '9',
      strategy: 'rolling',
      directory: 'tree/sub',
      secrets: '1.env',
    });
    app.docker({ 'compose ps': ':' });
    const { lines, calls } = app.run(
      'load "$base/releases/r1"; load "$base/releases/r2"; echo "$routes|$drain|$strategy|$secrets"; compose ps',
    );
    expect(lines).toEqual(['|0|recreate|']);
    expect(calls[0]?.join(' ')).not.toMatch(/releases\/r1|1[.]env|a[.]yml/);
  });

  it('has the settings of the live release where there was no .env, and keeps those that it has', () => {
    const app = runnerApp(shell);
    symlinkSync('releases/r1', join(app.base, 'current'));
    app.write('releases/r1/settings.env', "A='live'\n");
    app.plan('r2', { settings_from: 'live' });
    app.run(':');
    expect(app.read('releases/r2/settings.env')).toBe("A='live'\n");
    app.write('releases/r1/settings.env', "A='other'\n");
    app.run(':');
    expect(app.read('releases/r2/settings.env')).toBe("A='live'\n");
  });

  it('has a .env of the commit also where that is a link, but not the link that zebu has made', () => {
    const app = runnerApp(shell);
    app.plan('r2', { release_env: 'ZEBU_RELEASE=r2\n' });
    const env = join(app.base, 'releases/r2/tree/.env');
    app.write('releases/r2/tree/env/prod', 'A=1\n');
    app.write('shared/secrets/env_file', 'A=1\n');
    symlinkSync('env/prod', env);
    expect(app.run('load "$base/releases/r2"; echo "$environment"').lines[0]).toContain(`--env-file ${env} --env-file`);
    unlinkSync(env);
    symlinkSync(`${app.base}/shared/secrets/env_file`, env);
    expect(app.run('load "$base/releases/r2"; echo "$environment"').lines[0]).not.toContain(env);
  });

  it('is no release where its plan is gone, which ends nothing', () => {
    const app = runnerApp(shell);
    expect(app.run('load "$base/releases/none" || echo "goes on: $project"').lines).toEqual(['goes on: shop']);
  });

  it('is given up by Compose after the limit, by a status that says so', () => {
    const app = runnerApp(shell);
    app.docker({ 'compose up': 'exec sleep 20' });
    const [status] = app.run('limit=1; compose up 2>/dev/null; echo "$?"').lines;
    expect(status).toBe(shell.name === 'busybox' ? '143' : '124');
  });
});
