import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerApp, said, says } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const SETUP =
  'routes="web api" front=shop_zebu-front; mkdir -p "$base/shared/proxy/state" "$base/shared/proxy/config"; : >"$work/roll"\n';
const connects = (docker: readonly string[]): readonly string[] => docker.filter((each) => each.startsWith('network'));

describe.each(vmShells())('the front proxy, in $name', { timeout: 60_000 }, (shell) => {
  it('asks the new containers only once they all have the name that nobody asks for', () => {
    const app = runnerApp(shell);
    const answers = { 'inspect --format {{with': says(' shop-web-1 web ', ' shop-web-2 web ') };
    app.docker({
      ...answers,
      'network connect': '[ ! -e "$state/../$(basename "$(dirname "$state")")/shared/proxy/state/web.b" ]',
    });
    const { docker, lines } = app.run(`${SETUP}front_switch web one two; echo "$? $(front_slot web)"`);
    expect(connects(docker)).toEqual([
      'network connect --alias web-b shop_zebu-front one',
      'network connect --alias web-b shop_zebu-front two',
    ]);
    expect(lines).toEqual(['0 b']);
    expect(app.list('shared/proxy/state')).toEqual(['web.b']);
    app.docker({ ...answers, 'network connect': ':' });
    expect(app.run(`${SETUP}front_switch web three; front_slot web`).lines).toEqual(['a']);
    expect(app.list('shared/proxy/state')).toEqual([]);
  });

  it('goes on asking the old ones where a new one cannot be given the name', () => {
    const app = runnerApp(shell);
    app.docker({ 'inspect --format {{with': says(''), 'network connect': 'echo "no such network" >&2; exit 1' });
    expect(app.run(`${SETUP}front_switch web one; echo "$? $(front_slot web)"`).lines).toEqual(['1 a']);
    app.docker({
      'inspect --format {{with': says(''),
      'network connect': 'echo "endpoint already exists" >&2; exit 1',
    });
    expect(app.run(`${SETUP}front_switch web one; echo "$? $(front_slot web)"`).lines).toEqual(['0 b']);
  });

  it('has nothing to switch for containers that are asked already, or a service without a route', () => {
    const app = runnerApp(shell);
    app.docker({ 'inspect --format {{with': says(' shop-web-1 web web-a ') });
    const { docker } = app.run(`${SETUP}front_switch web one; front_switch other two; front_switch we three`);
    expect(docker).toEqual([expect.stringContaining('inspect')]);
  });

  it('is shown what Compose has put in place by itself, each by the name that is asked for', () => {
    const app = runnerApp(shell);
    app.docker({
      'ps -q*service=web': 'echo one; echo two',
      'ps -q': ':',
      'inspect --format {{.Id}}': says('one web web-b', 'two'),
      'network connect': ':',
    });
    const { docker, lines } = app.run(
      `${SETUP}front_sync; front_slot web; : >"$work/roll"; echo web >"$work/roll"; front_sync early`,
    );
    expect(connects(docker)).toEqual(['network connect --alias web-b shop_zebu-front two']);
    expect(lines).toEqual(['b']);
    // What is yet to be rolled is left alone.
    expect(docker.filter((each) => each.includes('service=web'))).toHaveLength(1);
  });

  it('has its configuration in place before it is started, readable for it, and is told only of another one', () => {
    const app = runnerApp(shell);
    app.plan('r2', { routes: 'web', proxy_config: 'a {\n  "b" $c %s\n}\n' });
    app.docker({ 'ps -q': 'echo proxy', 'exec proxy caddy reload': 'echo "bad \\"directive\\"" >&2; exit 1' });
    const script = 'step=start-up; front_prepare; front_reload || echo "$cause: $reason [$bad]"';
    const { lines, journal, docker } = app.run(`${script}; ${script}`);
    expect(app.read('shared/proxy/config/Caddyfile')).toBe('a {\n  "b" $c %s\n}\n');
    expect(statSync(join(app.base, 'shared/proxy/config/Caddyfile')).mode & 0o777).toBe(0o644);
    expect(lines).toEqual(['proxy-failed: the proxy refused its configuration [proxy]']);
    expect(said(journal)).toEqual(['bad "directive"']);
    expect(docker.filter((each) => each.startsWith('exec'))).toHaveLength(1);
  });

  it('is nothing of an app without routes', () => {
    const app = runnerApp(shell);
    expect(app.run('front_prepare; front_sync; front_reload; echo "$?"')).toMatchObject({ docker: [], lines: ['0'] });
    expect(app.has('shared/proxy')).toBe(false);
  });
});
