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

/** An engine of five paths, which notes what it was asked. */
const SERVER = `use IO::Socket::UNIX;
my ($path, $got) = @ARGV;
my $listening = IO::Socket::UNIX->new(Local => $path, Listen => 5);
my %says = (
  whole => "200 OK\\r\\n\\r\\n{\\"whole\\":1}\\n", missing => "404 Not Found\\r\\n\\r\\n{\\"message\\":\\"missing\\"}\\n",
  cut => "200 OK\\r\\n\\r\\n{\\"whole\\":", empty => "201 Created\\r\\n\\r\\n", told => "200 OK\\r\\nA: b\\r\\n\\r\\n{\\"told\\":1}\\n",
);
while (my $client = $listening->accept) {
  sysread($client, my $asked, 65536);
  open(my $log, '>>', $got); print $log $asked, "---\\n"; close $log;
  my ($of) = $asked =~ m{ /(\\w+)};
  if ($of eq 'silent') { sleep 2 }
  elsif ($of eq 'streamed') { for ("HTTP/1.0 200 OK\\r\\nA: b\\r", "\\n\\r\\none\\n", "two\\n") { syswrite $client, $_; select undef, undef, undef, 0.1 } }
  else { syswrite $client, "HTTP/1.0 $says{$of}" }
}
`;

// Real Docker is asked by test/integration/app: `starts` counts what is started for it.
describe.each(vmShells())('what Docker is asked through its socket, in $name', { timeout: 60_000 }, (shell) => {
  const asked = (app: RunnerApp): string => readFileSync(join(app.state, 'asked'), 'utf8');

  it('is which containers the project has, whatever their labels say, all of them or those that run', () => {
    const app = runnerApp(shell);
    app.program('perl', { '-e': says(LIST) });
    const { lines, calls } = app.run(`${NEAR}project_containers; for each in $ids; do echo "$each"; done
project_containers running`);
    expect(lines).toEqual([ID('a'), ID('b')]);
    const urls = calls.map((argv) => new URL((argv.at(-1) ?? '').replace('GET ', 'http://docker')));
    expect(urls.map(({ searchParams }) => searchParams.get('all'))).toEqual(['1', '0']);
    expect(JSON.parse(urls[0]?.searchParams.get('filters') ?? '')).toEqual({
      label: ['com.docker.compose.project=shop', 'com.docker.compose.oneoff=False'],
    });
  });

  it('is nothing where there are none, and fails where Docker does not say', () => {
    const app = runnerApp(shell);
    app.program('perl', { '-e': 'echo "[]"' });
    expect(app.run(`${NEAR}project_containers; echo "$? [$ids]"`).lines).toEqual(['0 []']);
    app.program('perl', { '-e': 'exit 22' });
    expect(app.run(`${NEAR}project_containers || echo failed`).lines).toEqual(['failed']);
  });

  it('is to remove images, all by one program, after what builds have left', () => {
    const app = runnerApp(shell);
    app.program('perl', { '-e': 'cat >"$state/asked"' });
    app.run(`${NEAR}printf '%s\\n' zebu/shop-web:1 redis@sha256:${ID('1')} | remove_images`);
    expect(decodeURIComponent(asked(app)).trim().split('\n')).toEqual([
      'POST /images/prune?filters={"dangling":["true"],"label":["com.docker.compose.project=shop"]}',
      'DELETE /images/zebu/shop-web:1',
      `DELETE /images/redis@sha256:${ID('1')}`,
    ]);
  });

  it('is what containers weigh beside a build, and to change it', () => {
    const app = runnerApp(shell);
    const container = (digit: string, CpuShares: number): string =>
      JSON.stringify({ Id: ID(digit), HostConfig: { CpuShares }, Config: { Labels: { CpuShares: '7' } } });
    const answers = says(container('a', 0), container('b', 512));
    app.program('perl', {
      '-e*GET /containers/json': says(LIST),
      '-e': `cat >"$state/one"; cat "$state/one" >>"$state/asked"; grep -q GET "$state/one" || exit 0\n${answers}`,
    });
    const { lines } = app.run(`${NEAR}app_weight=4096; favour_app; cat "$work/favoured"; unfavour_app`);
    expect(lines).toEqual([ID('a')]);
    expect(asked(app).trim().split('\n')).toEqual([
      `GET /containers/${ID('a')}/json`,
      `GET /containers/${ID('b')}/json`,
      `POST /containers/${ID('a')}/update {"CpuShares":4096}`,
      `POST /containers/${ID('a')}/update {"CpuShares":1024}`,
    ]);
  });

  it('is what it is by the protocol of the engine', () => {
    const app = runnerApp(shell);
    app.write('engine.pl', SERVER);
    const { lines } = app.run(
      `engine_socket=$base/socket
LC_ALL=C perl "$base/engine.pl" "$engine_socket" "$base/got" &
serving=$!
until [ -S "$engine_socket" ]; do sleep 0.05; done
api() { engine_api 1 "$@"; echo " $?"; }
api 'GET /whole' 'GET /streamed'
api 'GET /whole' 'GET /missing' 'GET /whole'
api 'GET /cut'
api 'POST /empty'
printf '%s\\n' 'GET /missing' 'POST /told {"a b":"\\u00e4"}' | engine_calls 1; echo " $?"
api 'GET /silent'
kill $serving
engine_socket=/nowhere api 'GET /whole'`,
      { env: { LC_ALL: 'none_NONE' } },
    );
    expect(lines).toEqual([
      '{"whole":1}',
      'one',
      'two',
      ' 0',
      '{"whole":1}',
      ' 22',
      '{"whole": 18',
      ' 0',
      '{"message":"missing"}',
      '{"told":1}',
      ' 0',
      ' 28',
      ' 7',
    ]);
    const got = app.read('got').split('---\n');
    expect(got[0]).toBe('GET /whole HTTP/1.0\r\nHost: docker\r\n\r\n');
    expect(got.at(-3)).toBe(
      'POST /told HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"a b":"\\u00e4"}',
    );
  });

  it('is not asked of an engine here, where Docker is told of another one', () => {
    const app = runnerApp(shell);
    const near = (env: NodeJS.ProcessEnv): readonly string[] =>
      app.run(
        'engine_socket=$base/socket; perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => shift, Listen => 1)" "$engine_socket"; engine_near && echo here; rm "$engine_socket"',
        { env: { DOCKER_HOST: undefined, DOCKER_CONFIG: app.base, ...env } },
      ).lines;
    expect(near({})).toEqual(['here']);
    expect(near({ DOCKER_HOST: 'ssh://elsewhere' })).toEqual([]);
    app.write('config.json', '{"auths":{}}');
    expect(near({})).toEqual(['here']);
    app.write('config.json', '{"currentContext":"elsewhere"}');
    expect(near({})).toEqual([]);
  });
});
