import { describe, expect, it } from 'vitest';
import { answer, besideEngine } from '../../support/fake-engine.js';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const container = (more: object = {}): object => ({
  Id: 'a1',
  State: 'running',
  Ports: [],
  Mounts: [],
  Labels: {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.service': 'web',
    'com.docker.compose.config-hash': 'abc',
    'com.docker.compose.image': 'sha256:1',
  },
  ...more,
});
const port = (IP: string | undefined, PrivatePort: number, PublicPort?: number, Type = 'tcp'): object => ({
  ...(IP === undefined ? {} : { IP }),
  PrivatePort,
  ...(PublicPort === undefined ? {} : { PublicPort }),
  Type,
});

// That real Docker's client prints the same is looked at in test/integration/app/verdict.test.ts.
describe.each(vmShells())('what containers use, in $name', { timeout: 60_000 }, (shell) => {
  const VOLUMES = `${JSON.stringify({ Volumes: [{ Name: 'a', Options: { device: 'BASE/releases/r7/tree' } }] })}\n`;
  function listed(
    said: unknown,
    script = 'list_uses "$work"; grep -v ^volumes "$work/uses"',
    volumes = VOLUMES,
  ): readonly string[] {
    const answers = {
      '/containers/json': answer('200 OK', said),
      '/volumes': volumes === 'silent' ? volumes : answer('200 OK', volumes),
    };
    return besideEngine(runnerApp(shell), answers, script);
  }
  const own = (containers: readonly object[]): readonly string[] =>
    listed(containers).filter((line) => line.startsWith('own'));

  it('is told of all of them, and more of those of the project', () => {
    const lines = listed([
      container({
        State: 'exited',
        Mounts: [{ Type: 'bind', Source: '/opt/zebu/shop/releases/r1/tree', Destination: '/srv' }],
      }),
      container({ Labels: { 'com.docker.compose.project': 'other', a: 'own\tno\nown\tno' } }),
      container({ Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.oneoff': 'True' } }),
      container({ Labels: null, Mounts: null, Ports: null }),
    ]);
    expect(lines.filter((line) => line.startsWith('own'))).toEqual(['own\tweb|abc|sha256:1|0|']);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toContain('/opt/zebu/shop/releases/r1/tree');
    expect(listed([], 'list_uses "$work" && cut -f1 "$work/uses"')).toEqual(['volumes']);
  });

  it('has releases in it that mounts, labels or volumes name', () => {
    const named = `list_uses "$work" && named_releases "$work/uses" "$work/own" && cat "$work/own"`;
    expect(
      listed(
        [
          container({ Mounts: [{ Source: 'BASE/releases/r1/tree/a b', Destination: '/a' }] }),
          container({ Labels: { 'com.docker.compose.project.config_files': 'x,BASE/releases/r2/tree/compose.yml' } }),
        ],
        `sed -i "s|BASE|$base|g" "$base"/engine/*; ${named}`,
      ),
    ).toEqual(['r1', 'r2', 'r7', 'web|abc|sha256:1|1|']);
  });

  // As the client's own tests have them.
  it.each<[string, readonly object[], string]>([
    ['one that is not published', [port(undefined, 9988)], '9988/tcp'],
    ['one of another kind', [port(undefined, 9988, undefined, 'udp')], '9988/udp'],
    ['one with an address and no number', [port('4.3.2.1', 9988)], '4.3.2.1:0->9988/tcp'],
    ['one with a number and no address', [port(undefined, 9988, 8899)], '9988/tcp'],
    ['one with another number', [port('4.3.2.1', 9988, 8899)], '4.3.2.1:8899->9988/tcp'],
    ['one with the same number', [port('4.3.2.1', 9988, 9988)], '4.3.2.1:9988->9988/tcp'],
    ['one of a version 6', [port('::', 9988, 9988), port('::1', 1, 2)], '[::]:9988->9988/tcp, [::1]:2->1/tcp'],
    [
      'two in a row, one of them of another kind',
      [port(undefined, 9988, undefined, 'udp'), port(undefined, 9989)],
      '9988/udp, 9989/tcp',
    ],
    [
      'three in a row, with the same numbers',
      [9990, 9988, 9989].map((each) => port('1.2.3.4', each, each)),
      '1.2.3.4:9988-9990->9988-9990/tcp',
    ],
    [
      'three in a row, with others',
      [9988, 9989, 9990].map((each) => port('1.2.3.4', each, each + 1)),
      '1.2.3.4:9989->9988/tcp, 1.2.3.4:9990->9989/tcp, 1.2.3.4:9991->9990/tcp',
    ],
    ['some apart', [port(undefined, 9980), port(undefined, 9988), port(undefined, 9989)], '9980/tcp, 9988-9989/tcp'],
    [
      'the same at two addresses',
      [port('1.2.3.4', 80, 80), port('4.3.2.1', 80, 80)],
      '1.2.3.4:80->80/tcp, 4.3.2.1:80->80/tcp',
    ],
  ])('has ports as the client shows them: %s', (_, ports, shown) => {
    expect(own([container({ Ports: ports })])).toEqual([`own\tweb|abc|sha256:1|1|${shown}`]);
  });

  it('keeps all releases where nobody says what volumes there are, and nothing else from being noted', () => {
    for (const volumes of ['{"Volumes":', '', 'silent']) {
      const script = `LC_ALL=C perl -e "$uses_program" "$engine_socket" 1 shop >"$work/uses"
list_uses() { :; }
used_releases "$work" || echo unknown
named_releases "$work/uses" "$work/own" | tail -n 1; cat "$work/own"`;
      expect(listed([container()], script, volumes), volumes).toEqual(['unknown', '?', 'web|abc|sha256:1|1|']);
    }
  });

  it('is not known where the engine does not say it', () => {
    const failed = 'list_uses "$work" || echo failed; [ ! -e "$work/uses" ] && echo none';
    expect(listed('[{"Id":"a', failed)).toEqual(['failed', 'none']);
    expect(listed('', failed)).toEqual(['failed', 'none']);
  });
});
