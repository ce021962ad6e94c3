import { describe, expect, it } from 'vitest';
import { runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

// Who builds an image that several services share is in images.test.ts.
describe.each(vmShells())('a build, in $name', { timeout: 60_000 }, (shell) => {
  it('is what Compose builds, as many at once as were asked for, with its last words in the journal', () => {
    const app = runnerApp(shell);
    app.docker({
      'compose build': 'echo "parallel ${COMPOSE_PARALLEL_LIMIT-none}"; echo "failed to solve" >&2; exit 17',
    });
    const { lines, docker, journal } = app.run(`begin build ''
build_images; echo "$?"
parallel=2; printf '%s\\n' api web >"$release/builders"; build_images; echo "$?"`);
    expect(lines).toEqual(['17', '17']);
    expect(docker).toEqual(['compose build', 'compose build api web']);
    expect(said(journal)).toEqual(['parallel none', 'failed to solve', 'parallel 2', 'failed to solve']);
  });

  it('weighs less than what runs, once it takes longer than a moment, and what runs has its weight back after it', () => {
    const app = runnerApp(shell);
    app.docker({
      'compose build': 'while [ ! -s "$state/updated" ] && [ $((n = n + 1)) -lt 200 ]; do sleep .05; done',
      'ps -q': 'printf "%s\\n" one two three',
      'inspect --format {{.Id}} {{.HostConfig.CpuShares}}': 'printf "%s\\n" "one 0" "two 512" "three 4096"',
      'update --cpu-shares': 'echo "$3" >>"$state/updated"',
    });
    const { docker } = app.run(`sleep() { [ "$1" = 3 ] || command sleep "$1"; }
app_weight=4096; build_images`);
    // Who has a weight of his own keeps it; what an earlier run left behind that was killed does not.
    expect(docker.filter((each) => each.startsWith('update'))).toEqual([
      'update --cpu-shares 4096 one three',
      'update --cpu-shares 1024 one three',
    ]);
  });

  it('asks nothing of Docker where it is over at once, or no weight is wanted', () => {
    const app = runnerApp(shell);
    app.docker({ 'compose build': ':' });
    const { docker } = app.run(
      'app_weight=4096; build_images; app_weight=0; sleep() { :; }; favour_later; unfavour_app',
    );
    expect(docker).toEqual(['compose build']);
  });

  it('leaves out what has its image already, and says whose', () => {
    const app = runnerApp(shell);
    app.docker({ 'compose build': ':', 'tag sha256:2': ':' });
    const build = { context: '/x' };
    app.write(
      'config',
      app.config({ services: { api: { build }, db: { image: 'x' }, job: { image: 'shop-api' }, web: { build } } }),
    );
    const { docker, journal } = app.run(`cp "$base/config" "$work/config"; begin build ''
echo 'shop-api sha256:1 1 zebu/shop-api:1 shop-api:latest' >"$work/kept-images"; build_images || echo failed
echo 'shop-web sha256:2 1 zebu/shop-web:2' >>"$work/kept-images"; build_images || echo failed`);
    // The name is that of a later build by now; who looks it up finds what is kept.
    expect(docker).toEqual(['compose build web', 'tag sha256:2 shop-web']);
    expect(said(journal)).toEqual([
      'not built again, as nothing of it has changed: api, job',
      'not built again, as nothing of it has changed: api, job, web',
    ]);
  });

  it('says when Compose knows the name already, of somebody else', () => {
    const app = runnerApp(shell);
    app.docker({ 'ps -aq': 'echo one; echo two' });
    const { journal } = app.run('say_adopted; previous=; say_adopted');
    expect(said(journal)).toEqual([
      'a stack named shop is there already (2 containers): it is taken over with its volumes; there is no earlier release to go back to',
    ]);
  });
});
