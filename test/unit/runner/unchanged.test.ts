import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAs } from '../../support/runner-commit.js';
import { runnerApp, type RunnerApp } from '../../support/runner-app.js';
import { someIn, type VmShell, vmShells } from '../../support/shells.js';

const ID = (digit: string): string => `sha256:${digit.repeat(64)}`;
const FILES = { 'compose.yml': 'services: {}\n', Dockerfile: 'FROM base:1\n' };

/** What Docker's engine says of images by name, a line each; `perl`, which asks it, stands for all of it. */
function images(app: RunnerApp, here: Readonly<Record<string, string>>): void {
  const cases = Object.entries(here).map(
    ([name, id]) => `'GET /images/${name}/json') echo '{"Id":"${id}","RepoTags":[]}' ;;`,
  );
  app.program('perl', {
    '-e': `while read -r line; do
case $line in
${cases.join('\n')}
*) echo '{"message":"No such image: x"}' ;;
esac
done`,
  });
}

const HERE = { 'shop-web': ID('a'), 'zebu/shop-web:aaaaaaaaaaaa': ID('a'), 'base:1': ID('b') };

interface Live {
  readonly files?: Readonly<Record<string, string>>;
  /** Of the live release, after it was judged by the long way and before it was noted. */
  readonly before?: string;
  readonly plan?: Readonly<Record<string, string>>;
}

/**
 * Release r1 is live, judged by the long way; r2 has the same files. It was built a second before: each run rounds the time at which the
 * machine was started, and to the next one what was built within this second may be still to come.
 */
function live(shell: VmShell, { files = FILES, before = '', plan = {} }: Live = {}): RunnerApp {
  const app = runnerApp(shell);
  for (const id of ['r1', 'r2']) app.plan(id, { settings_from: 'here', settings: "A='1'\n", ...plan });
  app.write('plugins/docker-compose', '#!/bin/sh\n', 0o755);
  for (const id of ['r1', 'r2']) commitAs(app, id, files);
  images(app, HERE);
  app.run(
    `${SHELL} id=r1 release=$base/releases/r1 previous=
load "$release"
IFS=. read -r now _ </proc/uptime
for each in told standing; do echo "$each" >"$release/$each"; done
echo 'digest none' >"$release/facts"
printf '%s\\n' 'key ${ID('a')} '"$((booted + now - 1))"' tree ' >"$release/builds"
printf '%s\\n' 'web shop-web web' >"$work/built"; cp "$work/built" "$release/built"
: >"$work/pulled"; cp "$work/pulled" "$release/pulled"
echo 'key shop-web tree ' >"$work/keys"
printf 'sum\\tshop-web\\t/\\tDockerfile\\tbase:1 \\n' >"$work/keyed"
echo 'web plain' >"$release/intents"
echo 'web zebu/shop-web:aaaaaaaaaaaa ${ID('a')} there' >"$work/pins"; pinned=$release
printf '%s\\n' 'base:1 ${ID('b')}' 'gone:1 ' 'shop-web ${ID('a')}' 'zebu/shop-web:aaaaaaaaaaaa ${ID('a')}' >"$work/named"
touch -d @1 "$base/plugins/docker-compose" "$base/plugins"
${before}
note_whole`,
    { load: false, env: { SSH_CLIENT: 'one', SSH_CONNECTION: 'one' } },
  );
  return app;
}
const SHELL = `engine_near() { :; }; compose_program=$base/plugins/docker-compose;`;

/** Whether r2 is taken for what is live already. */
function taken(app: RunnerApp, then = '', env: NodeJS.ProcessEnv = {}): boolean {
  const { lines } = app.run(
    `${SHELL} id=r2
${then}
compare_trees
if is_live_already; then echo yes; else echo no; fi`,
    { env: { SSH_CLIENT: 'two', SSH_CONNECTION: 'two', ...env } },
  );
  return lines[0] === 'yes';
}

describe.each(vmShells())('what is live already, in $name', { timeout: 60_000 }, (shell) => {
  it('is told, and has what the live release has', () => {
    const app = live(shell);
    expect(taken(app)).toBe(true);
    for (const file of ['built', 'pulled', 'standing', 'facts', 'builds', 'pins', 'named', 'whole'])
      expect(app.read(`releases/r2/${file}`), file).toBe(app.read(`releases/r1/${file}`));
    expect(statSync(join(app.base, 'releases/r2/whole')).mode & 0o077).toBe(0);
    // As often as it is deployed.
    commitAs(app, 'r3', FILES);
    app.plan('r3', { settings_from: 'here', settings: "A='1'\n" });
    expect(taken(app, 'previous=r2 id=r3; load "$base/releases/r3"')).toBe(true);
  });

  it.each(
    someIn<[string, string]>(shell, [
      ['to be built all the same', 'rebuild=1'],
      ['gone back to', 'mode=rollback; is_live_already() { return 1; }'],
      ['the first half of a rehearsal', 'half=prepare'],
      ['before there was a release', 'previous='],
      ['told by another runner', 'runner_is=other'],
      [
        'read by another program',
        'mkdir "$base/other"; cp "$compose_program" "$base/other/"; compose_program=$base/other/docker-compose; touch -d @1 "$base/other" "$base/other/docker-compose"',
      ],
      [
        'read by a program that was replaced',
        'sleep 0.02; cp "$compose_program" "$base/new"; touch -d @1 "$base/new"; mv "$base/new" "$compose_program"',
      ],
      ['read by a plugin of Docker', "compose_program='docker compose'"],
      ['read after some package was updated', 'newer() { case $2 in */dpkg/status) return 1 ;; *) return 0 ;; esac; }'],
      ['of secrets that somebody has written to', 'sleep 0.02; : >"$base/shared/secrets/key"'],
      ['on a machine that was started since', 'boot=other'],
      ['told other files', `files='-f compose.yml -f other.yml'`],
      ['of another folder', 'directory=$release/tree/app'],
      ['told another setting', `echo "A='2'" >"$release/settings.env"`],
      ['told one setting more', `echo "B='2'" >>"$release/settings.env"`],
      ['told no settings', ': >"$release/settings.env"'],
      ['behind another proxy', 'proxy_compose=other'],
      ['of another version of the secrets', 'secrets=1.env'],
      ['built yesterday', 'booted=$((booted + 86401))'],
      ['built tomorrow', 'booted=$((booted - 100))'],
      ['where the engine is another one', 'engine_near() { return 1; }'],
      ['with a hook before the switch', 'mkdir -p "$tree/.zebu/hooks"; : >"$tree/.zebu/hooks/pre-deploy"'],
      ['where a hook has left something', 'left_by_hook() { left=other; }'],
      ['where nobody knows what a hook has left', 'left_by_hook() { return 1; }'],
      ['where it was not noted', 'rm "$base/releases/r1/whole"'],
      ['where what was noted cannot be taken over', 'rm "$base/releases/r1/pins"; cp() { return 1; }'],
    ]),
  )('is not what is %s', (_, then) => {
    expect(taken(live(shell), then)).toBe(false);
  });

  it('leaves nothing to go by where it was taken over in part', () => {
    const app = live(shell);
    expect(taken(app, 'rm "$base/releases/r1/pins"; copy_lines() { return 1; }')).toBe(false);
    expect([app.has('releases/r2/whole'), app.has('releases/r2/facts')]).toEqual([false, false]);
  });

  it('is not what has other files', () => {
    const app = live(shell);
    commitAs(app, 'r2', { ...FILES, 'README.md': 'new\n' });
    expect(taken(app)).toBe(false);
  });

  it('is not what has another environment, but for that of the connection', () => {
    const app = live(shell);
    expect(taken(app, '', { TAG: 'another' })).toBe(false);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['one that is built', { ...HERE, 'shop-web': ID('c') }],
    ['one that runs', { ...HERE, 'zebu/shop-web:aaaaaaaaaaaa': ID('c') }],
    ['one that builds start from', { ...HERE, 'base:1': ID('c') }],
    ['one that was not there', { ...HERE, 'gone:1': ID('c') }],
    ['one that is gone', { 'shop-web': ID('a'), 'base:1': ID('b') }],
  ])('is not what has another image behind a name: %s', (_, here) => {
    const app = live(shell);
    images(app, here);
    expect(taken(app)).toBe(false);
  });

  it('is not told by an engine that does not answer, or not to all', () => {
    const app = live(shell);
    app.program('perl', { '-e': 'cat >/dev/null; exit 7' });
    expect(taken(app)).toBe(false);
    app.program('perl', { '-e': `cat >/dev/null; echo '{"Id":"${ID('b')}"}'` });
    expect(taken(app)).toBe(false);
    app.program('perl', { '-e': `cat >/dev/null; echo '{"message":"server error"}'` });
    expect(taken(app)).toBe(false);
  });

  it.each(
    someIn<[string, Live]>(shell, [
      ['reads others', { files: { ...FILES, 'compose.yml': 'include: [/srv/other.yml]\n' } }],
      [
        'extends others',
        { files: { ...FILES, 'compose.yml': 'services: { web: { extends: { file: ../x.yml } } }\n' } },
      ],
      ['has env files', { files: { ...FILES, 'compose.yml': 'services: { web: { env_file: /etc/web.env } }\n' } }],
      ['leaves services out', { files: { ...FILES, 'compose.yml': 'services: { web: { profiles: [a] } }\n' } }],
      ['names the release', { files: { ...FILES, 'compose.yml': 'services: { web: { image: "x:$ZEBU_REF" } }\n' } }],
      ['names it in .env', { files: { ...FILES, '.env': 'TAG=$ZEBU_RELEASE\n' } }],
      ['may hide a word', { files: { ...FILES, 'compose.yml': '"\\x69nclude": [x]\n' } }],
      ['cannot be read', { plan: { files: '-f none.yml' } }],
      ['mounts something', { before: `echo 'digest paths' >"$release/facts"` }],
      ['gives containers files', { before: ': >"$release/gives"' }],
      ['is warned of', { before: 'unread=1' }],
      ['was not found in force', { before: 'rm "$release/told"' }],
      ['is built without a key', { before: ': >"$work/keys"' }],
      ['is pulled each time', { before: `echo 'db x:1 always' >"$work/pulled"` }],
      ['has a name for no URL', { before: `echo 'a?b ${ID('b')}' >>"$work/named"` }],
      ['is gone back to', { before: 'strict=' }],
      ['is put back by a rollback', { before: 'mode=rollback' }],
      ['is not what was pinned', { before: 'pinned=$base/releases/r2' }],
      ['has older secrets', { before: ': >"$base/shared/secrets/2.env"; secrets=1.env' }],
    ]),
  )('is never what %s', (_, what) => {
    const app = live(shell, what);
    expect(app.has('releases/r1/whole')).toBe(false);
    expect(taken(app)).toBe(false);
  });

  it('is never what finds the secrets beside its Compose file', () => {
    const app = live(shell, { before: 'ln -s x "$directory/.env"' });
    expect(app.has('releases/r1/whole')).toBe(false);
  });

  it('is named where it is built, by service', () => {
    const app = live(shell);
    app.run('printf "%s\\n" "api x api" "web y web" >"$work/built"; say_not_built; : >"$work/built"; say_not_built');
    expect(app.journal().map(({ detail }) => detail)).toEqual([
      'not built again, as nothing of it has changed: api, web',
    ]);
  });
});
