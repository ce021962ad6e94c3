import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunnerApp, runnerApp, says } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const ID = (digit: string): string => digit.repeat(64);
const NEAR = 'engine_near() { :; }\n';

/** As the engine lists containers: the labels of one are what somebody may have thought of. */
const LIST = JSON.stringify([
  { Id: ID('a'), Names: ['/shop-web-1'], Ports: [], Labels: { Id: ID('9'), x: `,{"Id":"${ID('8')}"` }, Mounts: [] },
  { Id: ID('b'), Labels: { '[{': 'Id', y: `[{"Id":"${ID('7')}"}]` }, Mounts: [{ Type: 'bind', Source: '/a b' }] },
]);

// Real Docker is asked by test/integration/app: `starts` counts what is started for it.
describe.each(vmShells())('what Docker is asked through its socket, in $name', { timeout: 60_000 }, (shell) => {
  const asked = (app: RunnerApp): string => readFileSync(join(app.state, 'asked'), 'utf8');

  it('is which containers the project has, whatever their labels say, all of them or those that run', () => {
    const app = runnerApp(shell);
    app.program('curl', { '': says(LIST) });
    const { lines, calls } = app.run(`${NEAR}project_containers; for each in $ids; do echo "$each"; done
project_containers running`);
    expect(lines).toEqual([ID('a'), ID('b')]);
    const urls = calls.map((argv) => new URL(argv.at(-1) ?? ''));
    expect(urls.map(({ searchParams }) => searchParams.get('all'))).toEqual(['1', '0']);
    expect(JSON.parse(urls[0]?.searchParams.get('filters') ?? '')).toEqual({
      label: ['com.docker.compose.project=shop', 'com.docker.compose.oneoff=False'],
    });
  });

  it('is nothing where there are none, and fails where Docker does not say', () => {
    const app = runnerApp(shell);
    app.program('curl', { '': 'echo "[]"' });
    expect(app.run(`${NEAR}project_containers; echo "$? [$ids]"`).lines).toEqual(['0 []']);
    app.program('curl', { '': 'exit 22' });
    expect(app.run(`${NEAR}project_containers || echo failed`).lines).toEqual(['failed']);
  });

  it('is to remove images, all over one connection, after what builds have left', () => {
    const app = runnerApp(shell);
    app.program('curl', { '-K -': 'cat >"$state/asked"' });
    app.run(`${NEAR}printf '%s\\n' zebu/shop-web:1 redis@sha256:${ID('1')} | remove_images`);
    const requests = asked(app).match(/(?<=request = ")\w+|(?<=url = ")[^"]+/g) ?? [];
    expect(requests.map((each) => decodeURIComponent(each))).toEqual([
      'POST',
      'http://docker/images/prune?filters={"dangling":["true"],"label":["com.docker.compose.project=shop"]}',
      'DELETE',
      'http://docker/images/zebu/shop-web:1',
      'DELETE',
      `http://docker/images/redis@sha256:${ID('1')}`,
    ]);
  });

  it('is what containers weigh beside a build, and to change it', () => {
    const app = runnerApp(shell);
    const container = (digit: string, CpuShares: number): string =>
      JSON.stringify({ Id: ID(digit), HostConfig: { CpuShares }, Config: { Labels: { CpuShares: '7' } } });
    app.program('curl', {
      '-s': says(LIST),
      '-K -': `cat >"$state/one"; cat "$state/one" >>"$state/asked"; grep -q GET "$state/one" || exit 0\n${says(container('a', 0), container('b', 512))}`,
    });
    const { lines } = app.run(`${NEAR}app_weight=4096; favour_app; cat "$work/favoured"; unfavour_app`);
    expect(lines).toEqual([ID('a')]);
    expect(asked(app).match(/(?<=url = "http:\/\/docker\/containers\/)[^"]+|(?<=data = ).*/g)).toEqual([
      ...[`${ID('a')}/json`, `${ID('b')}/json`],
      ...[`${ID('a')}/update`, '{"CpuShares":4096}'],
      ...[`${ID('a')}/update`, '{"CpuShares":1024}'],
    ]);
  });

  it('is not asked of an engine here, where Docker is told of another one', () => {
    const app = runnerApp(shell);
    const near = (env: NodeJS.ProcessEnv): readonly string[] =>
      app.run(
        'engine_socket=$base/socket; perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => shift, Listen => 1)" "$engine_socket"; engine_near && echo here; rm "$engine_socket"',
        { env: { DOCKER_HOST: undefined, DOCKER_CONFIG: app.base, ...env } },
      ).lines;
    app.program('curl', {});
    expect(near({})).toEqual(['here']);
    expect(near({ DOCKER_HOST: 'ssh://elsewhere' })).toEqual([]);
    app.write('config.json', '{"auths":{}}');
    expect(near({})).toEqual(['here']);
    app.write('config.json', '{"currentContext":"elsewhere"}');
    expect(near({})).toEqual([]);
  });
});
