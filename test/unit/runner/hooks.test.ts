import { describe, expect, it } from 'vitest';
import { runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('hooks of the repository, in $name', { timeout: 60_000 }, (shell) => {
  it('are run in the folder of the commit, and are told the release as JSON and in their environment', () => {
    const app = runnerApp(shell);
    app.plan('r2', { record: '"id":"r2","ref":"feature/\\"x\\" $(id)","kind":"branch"' });
    app.write(
      'releases/r2/tree/.zebu/hooks/post-deploy',
      '#!/bin/sh\npwd\ncat\necho "$ZEBU_HOOK|$ZEBU_VERDICT|$ZEBU_RELEASE|$ZEBU_APP|$ZEBU_MODE|$ZEBU_PREVIOUS"\n',
      0o755,
    );
    const { journal, lines } = app.run(`run_hook pre-build ''; echo "none: $?"; run_hook post-deploy live; echo "$?"`);
    expect(lines).toEqual(['none: 0', '0']);
    expect(journal[0]).toMatchObject({ step: 'hook', state: 'begin', detail: '.zebu/hooks/post-deploy' });
    const [folder, release = '', environment] = said(journal);
    expect(folder).toBe(`${app.base}/releases/r2/tree`);
    expect(JSON.parse(release)).toEqual({
      ...{ id: 'r2', ref: 'feature/"x" $(id)', kind: 'branch', app: 'shop', mode: 'deploy', previous: 'r1' },
      verdict: 'live',
    });
    expect(environment).toBe('post-deploy|live|r2|shop|deploy|r1');
  });

  it('fail with what they said last, by their exit status, when they hang, and when they may not be run', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/tree/.zebu/hooks/pre-build', '#!/bin/sh\necho "no \\"x\\"" >&2\nexit 3\n', 0o755);
    app.write('releases/r2/tree/.zebu/hooks/pre-deploy', '#!/bin/sh\necho waiting\nexec sleep 20\n', 0o755);
    app.write('releases/r2/tree/.zebu/hooks/post-failure', '#!/bin/sh\n');
    const { lines } = app.run(`build_timeout=1
for each in pre-build pre-deploy post-failure; do
  run_hook $each '' || { blame_hook; echo "$cause: $reason"; }
done`);
    // A shell of busybox is its own `timeout`, and says so.
    const [ended, last] = shell.name === 'busybox' ? [143, 'Terminated'] : [124, 'waiting'];
    expect(lines).toEqual([
      'hook-failed: .zebu/hooks/pre-build failed with exit status 3: no "x"',
      `hook-failed: .zebu/hooks/pre-deploy failed with exit status ${ended}: ${last}`,
      'hook-failed: .zebu/hooks/post-failure failed with exit status 126: .zebu/hooks/post-failure is not executable: git update-index --chmod=+x .zebu/hooks/post-failure',
    ]);
  });

  it('are not waited for when they leave something running, though it holds their output', () => {
    const app = runnerApp(shell);
    const text = '#!/bin/sh\necho before\nsleep 45 &\necho $! >"$0.pid"\n';
    app.write('releases/r2/tree/.zebu/hooks/post-deploy', text, 0o755);
    const began = Date.now();
    const { journal, lines } = app.run(`run_hook post-deploy live; echo "$?"; kill "$(cat "$tree/$hook.pid")"`);
    expect([said(journal), lines]).toEqual([['before'], ['0']]);
    expect(Date.now() - began).toBeLessThan(30_000);
  });

  it('have not the lock of the app, which would outlive the run in what they leave running', () => {
    const app = runnerApp(shell);
    app.write(
      'releases/r2/tree/.zebu/hooks/pre-build',
      '#!/bin/sh\n[ -e /proc/self/fd/9 ] && echo has || echo none\n',
      0o755,
    );
    const { journal } = app.run(`exec 9>"$base/lock"; run_hook pre-build ''`);
    expect(said(journal)).toEqual(['none']);
  });
});

describe.each(vmShells())('the release command, in $name', { timeout: 60_000 }, (shell) => {
  const FUNCTION = 'release_command() { compose run --rm -T --name "zebu-release-$project" web "a b" \'$(id)\'; }\n';

  it('is run once in the new image, in a container that is there for it alone', () => {
    const app = runnerApp(shell);
    app.plan('r2', { release_service: 'web' }, FUNCTION);
    app.docker({ rm: ':', 'compose run': 'echo migrated' });
    const { docker, calls, journal, lines } = app.run('run_release_command; echo "$? $touched $limit"');
    expect(docker).toEqual(['rm -f zebu-release-shop', 'compose run --rm -T --name zebu-release-shop web a b $(id)']);
    expect(calls.at(-1)?.slice(-3)).toEqual(['web', 'a b', '$(id)']);
    expect([said(journal), lines]).toEqual([['migrated'], ['0 1 5']]);
  });

  it('leaves no container when it fails, and says with what', () => {
    const app = runnerApp(shell);
    app.plan('r2', { release_service: 'web' }, FUNCTION);
    app.docker({ rm: ':', 'compose run': 'echo "relation \\"users\\" exists" >&2; exit 9' });
    const { docker, lines } = app.run('run_release_command || echo "$cause: $reason"');
    expect(docker.at(-1)).toBe('rm -f zebu-release-shop');
    expect(lines).toEqual([
      'release-command-failed: the release command in web failed with exit status 9: relation "users" exists',
    ]);
  });

  it('is nothing where none is configured', () => {
    expect(runnerApp(shell).run('run_release_command; remove_release_container').docker).toEqual([]);
  });
});
