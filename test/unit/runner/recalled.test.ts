import { describe, expect, it } from 'vitest';
import { commitAs, type Tree } from '../../support/runner-commit.js';
import { runnerApp, type RunnerApp } from '../../support/runner-app.js';
import { someIn, type VmShell, vmShells } from '../../support/shells.js';

const COMPOSE = 'services: { web: { build: ./web } }\n';
const FILES: Tree = {
  'compose.yml': COMPOSE,
  'web/Dockerfile': 'FROM base:1\nCOPY . /\n',
  'web/index.html': 'one\n',
};
/** A commit with another file than the live one, of those that a build has and Compose does not read. */
const CHANGED: Tree = { ...FILES, 'web/index.html': 'two\n' };

const HOOKED: Tree = { ...FILES, '.zebu/hooks/pre-build': '#!/bin/sh\n' };

interface Live {
  readonly files?: Tree;
  readonly plan?: Readonly<Record<string, string>>;
  /** What the hook of r1 has done. */
  readonly hook?: string;
}

const SHELL = `engine_near() { :; }
compose_program=$base/plugins/docker-compose
# What Docker has, whatever it is asked for.
engine_calls() { while read -r _; do echo '{"Id":"sha256:${'b'.repeat(64)}","RepoTags":[]}'; done; }`;

/** Release r1 is live, with all that Compose has said of it. */
function live(shell: VmShell, { files = FILES, plan = {}, hook = '' }: Live = {}): RunnerApp {
  const app = runnerApp(shell);
  for (const id of ['r1', 'r2', 'r3']) app.plan(id, { settings_from: 'here', settings: "A='1'\n", ...plan });
  app.write('plugins/docker-compose', '#!/bin/sh\n', 0o755);
  app.write('shared/secrets/key', 'salt');
  commitAs(app, 'r1', files);
  commitAs(app, 'r2', { ...files, 'web/index.html': 'two\n' });
  const { lines } = app.run(
    `${SHELL}
touch -d @1 "$base/plugins/docker-compose" "$base/plugins" "$base/shared/secrets/key"
id=r1 release=$base/releases/r1 previous=
load "$release"
${hooked(hook)}
${READ}
check_config || echo "refused: $reason"
find_keys
echo told >"$release/told"; : >"$work/pins"; pinned=$release
awk '{ print $1, "sha256:id", 1, $3, $4 }' "$work/keys" >"$release/builds"
note_whole
[ -s "$release/whole" ] || echo 'not noted'`,
    { env: { SSH_CLIENT: 'one' } },
  );
  expect(lines.filter((line) => line !== 'not noted' || hook === '')).toEqual([]);
  return app;
}

/** Compose asked: of two services, whose paths are those of the release. */
const READ = `compose() { echo asked >>"$state_of_test"; cat <<JSON
{
  "services": {
    "web": {
      "build": {
        "context": "$tree/web",
        "dockerfile": "Dockerfile",
        "args": {
          "A": "\${word:-1}"
        }
      }
    },
    "db": {
      "image": "base:1",
      "restart": "always"
    }
  }
}
JSON
}
state_of_test=$base/asked`;

/** What a hook does in the release's files. */
const hooked = (script: string): string => (script === '' ? ':' : `( cd "$tree" && ${script} )`);

/** Whether Compose was asked about the release that follows r1; and what was found of it. */
function read(
  app: RunnerApp,
  then = '',
  env: NodeJS.ProcessEnv = {},
): { readonly asked: boolean; readonly keys: string } {
  const { lines } = app.run(
    `${SHELL}
${READ}
: >"$state_of_test"
${then}
compare_trees
check_config || echo "refused: $reason"
find_keys
echo "keys: $(cat "$work/keys")"`,
    { env: { SSH_CLIENT: 'two', ...env } },
  );
  expect(lines.filter((line) => line.startsWith('refused'))).toEqual([]);
  return { asked: app.read('asked') !== '', keys: lines.find((line) => line.startsWith('keys: ')) ?? '' };
}

describe.each(vmShells())('what Compose has read for the live release, in $name', { timeout: 60_000 }, (shell) => {
  it('is taken where nothing of it has changed, and all that follows is what it would be', () => {
    const app = live(shell);
    const taken = read(app);
    expect(taken.asked).toBe(false);
    const follows = (): readonly string[] =>
      ['built', 'pulled', 'intents', 'standing', 'facts'].map((file) => app.read(`releases/r2/${file}`));
    const [facts, whole] = [follows(), app.has('releases/r2/keyed')];
    expect(whole).toBe(true);
    app.run('cd "$release" && rm -f built pulled intents standing facts keyed');
    const found = read(app, 'rebuild=1');
    expect(found).toEqual({ asked: true, keys: taken.keys });
    expect(taken.keys).toMatch(/^keys: [0-9a-f.]+ shop-web [0-9a-f]{40} web$/);
    expect(follows()).toEqual(facts);
  });

  it('is taken as often as it is deployed, and stays as old as it is', () => {
    const app = live(shell);
    app.run(`${SHELL}
compare_trees; check_config; find_keys
echo told >"$release/told"; : >"$work/pins"; pinned=$release
note_whole`);
    commitAs(app, 'r3', { ...CHANGED, 'web/index.html': 'three\n' });
    const third = 'previous=r2 id=r3; load "$base/releases/r3"';
    expect(read(app, third).asked).toBe(false);
    // By a program that was put in place when r2 had taken what an earlier one had read.
    expect(read(app, `${third}; touch -r "$base/releases/r2/whole" "$compose_program"`).asked).toBe(true);
  });

  it.each(
    someIn<[string, string | Tree]>(shell, [
      ['the Compose file', { ...CHANGED, 'compose.yml': 'services: { web: { build: ./web }, db: {} }\n' }],
      ['a Dockerfile', { ...CHANGED, 'web/Dockerfile': 'FROM base:2\nCOPY . /\n' }],
      [
        'the Dockerfile, which is a link',
        { 'web/index.html': 'two\n', 'web/Dockerfile': { link: 'index.html' }, 'compose.yml': COMPOSE },
      ],
      ['the Compose file, which is gone', { 'web/Dockerfile': 'FROM base:1\nCOPY . /\n', 'web/index.html': 'two\n' }],
      ['.env, which has come', { ...CHANGED, '.env': 'A=2\n' }],
      ['the hook before the switch', { ...CHANGED, '.zebu/hooks/pre-deploy': '#!/bin/sh\n' }],
      ['a setting', `echo "A='2'" >"$release/settings.env"`],
      ['the version of the secrets', ': >"$base/shared/secrets/1.env"; secrets=1.env'],
      ['what somebody has written to the secrets', 'sleep 0.02; : >"$base/shared/secrets/key"'],
      ['the names of the Compose files', `files='-f compose.yml -f ./compose.yml'`],
      ['profiles', `files='-f compose.yml --profile web'`],
      ['the folder', 'directory=$release/tree/web'],
      ['the project', 'project=other'],
      ['the front proxy', 'proxy_compose=other'],
      ['the runner', 'runner_is=other'],
      ['Compose', 'sleep 0.02; touch "$compose_program"'],
      ['where Compose is', "compose_program='docker compose'"],
      ['some package', 'newer() { case $2 in */dpkg/status) return 1 ;; *) return 0 ;; esac; }'],
      ['the machine, which was started since', 'boot=other'],
      ['whether everything is built', 'rebuild=1'],
      ['whether it is a deploy', 'mode=rollback'],
      ['whether it is only prepared', 'half=prepare'],
      ['how services are replaced', 'strategy=rolling'],
      ['how a service is replaced', 'strategies=web=rolling'],
      ['the release before, of which there is none', 'previous='],
      ['what was noted of it', 'rm "$base/releases/r1/whole"'],
      ['what keys are made of', 'rm "$base/releases/r1/keyed"'],
      ['room for it', 'cp() { return 1; }'],
      ['git', 'git() { cat >/dev/null; return 1; }'],
    ]),
  )('is read anew where it is another one by now: %s', (_, change) => {
    const app = live(shell);
    if (typeof change !== 'string') commitAs(app, 'r2', change);
    expect(read(app, typeof change === 'string' ? change : '').asked).toBe(true);
  });

  it('is read anew in another environment', () => {
    expect(read(live(shell), '', { TAG: 'another' }).asked).toBe(true);
  });

  // What busybox has for find and tar cannot tell what a hook has left.
  const told = shell.name !== 'busybox';

  it('is taken where hooks before the build have left what Compose does not read', () => {
    const app = live(shell, { files: HOOKED, hook: 'echo 1 >web/made; echo changed >web/index.html' });
    commitAs(app, 'r2', { ...HOOKED, 'web/index.html': 'two\n' });
    const taken = read(app, hooked('echo 2 >web/made; mkdir -p cache'));
    expect(taken.asked).toBe(!told);
    // Not what was left for r1.
    const found = read(app, 'cd "$release" && rm -f built pulled intents standing facts keyed; rebuild=1');
    expect(found).toEqual({ asked: true, keys: taken.keys });
    expect(taken.keys).toMatch(told ? /^keys: [0-9a-f.]+(-[0-9a-f]{64}){3} shop-web [0-9a-f]{40} web$/ : /^keys: $/);
  });

  it('is taken where there is no hook any more, and where one has come', () => {
    const app = live(shell, { files: HOOKED, hook: 'echo 1 >web/made' });
    commitAs(app, 'r2', CHANGED);
    expect(read(app).asked).toBe(!told);
    const other = live(shell);
    commitAs(other, 'r2', { ...HOOKED, 'web/index.html': 'two\n' });
    expect(read(other, hooked('echo 2 >web/made')).asked).toBe(!told);
  });

  it.each(
    someIn<[string, string]>(shell, [
      ['another Compose file', 'echo "# other" >>compose.yml'],
      ['a link for the Compose file', 'mv compose.yml web/ && ln -s web/compose.yml compose.yml'],
      ['no Dockerfile', 'rm web/Dockerfile'],
      ['another Dockerfile', 'sed -i "s/base:1/base:2/" web/Dockerfile'],
      ['another folder, to which a link leads', 'mv web other && ln -s other web'],
      ['a file of settings', 'echo A=2 >.env'],
    ]),
  )('is read anew where a hook of either has left %s', (_, script) => {
    const now = live(shell, { files: HOOKED, hook: 'echo 1 >web/made' });
    commitAs(now, 'r2', { ...HOOKED, 'web/index.html': 'two\n' });
    expect(read(now, hooked(script)).asked).toBe(true);
    const before = live(shell, { files: HOOKED, hook: `${script}; echo 1 >made` });
    commitAs(before, 'r2', { ...HOOKED, 'web/index.html': 'two\n' });
    expect(read(before).asked).toBe(true);
  });

  it('is read anew where it would take a look at each file to know what a hook has left', () => {
    const app = live(shell, { files: HOOKED, hook: 'echo 1 >web/made' });
    commitAs(app, 'r2', { ...HOOKED, 'web/index.html': 'two\n' });
    expect(read(app, 'left_can_wait() { :; }').asked).toBe(true);
  });

  it.each(
    someIn<[string, string]>(shell, [
      ['a Compose file in another one', 'include: [web/index.html]'],
      ['values of env files', 'services: { web: { env_file: web/index.html } }'],
      ['a service of another file', 'services: { web: { extends: { file: web/index.html } } }'],
      ['labels of a file', 'services: { web: { label_file: web/index.html } }'],
      ['words that may be hidden', '"\\\\x69nclude": [x]'],
      ['words of two bytes a letter', String.raw`\377\376i\000n\000c\000l\000u\000d\000e\000`],
      ['words of two bytes a letter, the other way round', String.raw`\376\377\000i\000n\000c\000l\000u\000d\000e`],
    ]),
  )('is never taken where Compose may read %s', (_, text) => {
    const { lines } = runnerApp(shell).run(
      `printf '${text}\\n' >"$tree/compose.yml"; if plain_files; then echo plain; else echo not; fi`,
    );
    expect(lines).toEqual(['not']);
  });

  it('leaves nothing to go by where it was taken in part', () => {
    const app = live(shell);
    const { lines } = app.run(`${SHELL}
compare_trees
copy_lines() { return 1; }
if recall_reading; then echo taken; fi`);
    expect([lines, app.has('releases/r2/facts')]).toEqual([[], false]);
  });

  it('does not keep what lies beside the Compose file from being said', () => {
    const app = live(shell);
    commitAs(app, 'r2', { ...CHANGED, 'compose.override.yml': 'services: {}\n' });
    expect(read(app).asked).toBe(false);
    expect(app.journal().flatMap(({ line }) => line ?? [])).toEqual([
      'compose.override.yml is not read: app.compose names compose.yml alone, where plain docker compose reads both',
    ]);
  });

  it('leaves names of services readable where a secret is called the same', () => {
    const { lines } = live(shell).run(`${SHELL}
compare_trees
check_config
mask() { shift 3; echo "$@"; }
masked`);
    expect(lines).toEqual(['web db']);
  });
});
