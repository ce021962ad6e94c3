import { describe, expect, it } from 'vitest';
import { answer, besideEngine } from '../../support/fake-engine.js';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const container = (id: string, more: object = {}, state: object = {}): object => ({
  Id: id,
  State: {
    Status: 'running',
    Running: true,
    OOMKilled: false,
    ExitCode: 0,
    StartedAt: '2026-11-30T10:00:00.5Z',
    ...state,
  },
  Image: 'sha256:i',
  Name: `/shop-${id}`,
  RestartCount: 2,
  HostConfig: { PortBindings: {}, RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } },
  Config: {
    Labels: {
      'com.docker.compose.service': 'web',
      'com.docker.compose.config-hash': 'h',
      odd: 'a "b" \\ | \n {"Id":"no"} ] , é',
    },
  },
  // Only those are told that know it by its service's name, or nobody by a name.
  NetworkSettings: {
    Networks: {
      shop_b: { IPAddress: '10.0.0.1', Aliases: ['shop-web-1', 'web'] },
      left: { Aliases: ['other'] },
      none_known: { Aliases: null },
      gone: null,
      bridge: { Aliases: null },
    },
  },
  ...more,
});
const LINE = (id: string): string =>
  `web|running||0|2|false|2026-11-30T10:00:00.5Z|always |/shop-${id}|${id}||h|sha256:i| bridge shop_b `;

// That real Docker's client prints the same is looked at in test/integration/app/verdict.test.ts.
describe.each(vmShells())('containers through the socket, in $name', { timeout: 60_000 }, (shell) => {
  function looked(
    containers: Readonly<Record<string, object | string>>,
    script: string,
    listed: readonly string[] | string = Object.keys(containers),
  ): readonly string[] {
    const list = typeof listed === 'string' ? listed : listed.map((Id) => ({ Id, Names: [] }));
    const answers: Record<string, string> = { '/containers/json': answer('200 OK', list) };
    for (const [id, said] of Object.entries(containers)) answers[`/containers/${id}/json`] = answer('200 OK', said);
    return besideEngine(runnerApp(shell), answers, script);
  }

  it('are a line each, by their ids or all of the project', () => {
    const both = { a1: container('a1'), b2: container('b2') };
    expect(looked(both, 'engine_look "" b2')).toEqual([LINE('b2')]);
    expect(looked(both, 'engine_look ""')).toEqual([LINE('a1'), LINE('b2')]);
    expect(looked(both, 'engine_look began')).toEqual([
      `a1|2|2026-11-30T10:00:00.5Z|true|web|${LINE('a1')}`,
      `b2|2|2026-11-30T10:00:00.5Z|true|web|${LINE('b2')}`,
    ]);
    expect(looked({}, 'engine_look ""; echo $?')).toEqual(['0']);
    expect(looked(both, 'inspect >/dev/null; echo "$ids"; inspect again | cut -d"|" -f1,10')).toEqual([
      'a1 b2 ',
      'web|a1',
      'web|b2',
    ]);
    expect(looked(both, 'note_began; cut -d"|" -f1,4,5 "$work/began"; cat "$work/looked-before"')).toEqual([
      ...['a1|true|web', 'b2|true|web'],
      ...[LINE('a1'), LINE('b2')],
    ]);
  });

  it('have no fields where Docker has none', () => {
    const bare = {
      Id: 'a1',
      State: { Status: 'created', ExitCode: 0 },
      Image: 'i',
      Name: '/x',
      HostConfig: { PortBindings: null, RestartPolicy: { Name: 'no' } },
      Config: { Labels: null },
      NetworkSettings: { Networks: null },
    };
    expect(looked({ a1: bare }, 'engine_look "" a1')).toEqual(['|created||0||||no |/x|a1|||i| ']);
  });

  it('have their ports, and when the last check of their health began, in UTC', () => {
    const at = (Start: string): readonly string[] =>
      looked(
        {
          a1: container(
            'a1',
            { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] }, RestartPolicy: { Name: '' } } },
            {
              Health: {
                Status: 'starting',
                Log: [
                  { Start: 'x', Output: '"|' },
                  { Start, Output: '\\' },
                ],
              },
            },
          ),
        },
        'engine_look "" a1 | cut -d"|" -f3,8,11',
      );
    expect(at('2026-11-30T23:30:00.120000009Z')).toEqual(['starting| 1|2026-11-30T23:30:00.120000009']);
    expect(at('2027-01-01T00:30:00.5+01:00')).toEqual(['starting| 1|2026-12-31T23:30:00.500000000']);
    expect(at('2024-02-28T20:00:00-05:30')).toEqual(['starting| 1|2024-02-29T01:30:00.000000000']);
    expect(at('2026-03-01T01:00:00+02:00')).toEqual(['starting| 1|2026-02-28T23:00:00.000000000']);
    expect(
      looked(
        { a1: container('a1', {}, { Health: { Status: 'starting', Log: null } }) },
        'engine_look "" a1 | cut -d"|" -f3,11',
      ),
    ).toEqual(['starting|']);
  });

  it('are left out where they go meanwhile, and missed where they were asked for', () => {
    const one = { a1: container('a1') };
    expect(looked(one, 'engine_look "" ; echo $?', ['a1', 'gone'])).toEqual([LINE('a1'), '0']);
    expect(looked(one, 'engine_look "" a1 gone >/dev/null; echo $?')).toEqual(['1']);
  });

  it('are not taken from half an answer', () => {
    const whole = `${JSON.stringify(container('a1'))}\n`;
    for (const said of [whole.slice(0, 200), whole.trimEnd(), whole.replace('"State":', '"State"'), '\n', 'oops\n'])
      expect(looked({ a1: said }, 'engine_look "" a1 || echo failed'), said).toEqual(['failed']);
    expect(looked({ a1: container('a1') }, 'engine_look "" || echo failed', '[{"Id":"a1"}')).toEqual(['failed']);
  });

  it('leave the health checks of those that are starting, with what they are asked by', () => {
    const Config = { Healthcheck: { Test: ['CMD', 'a', 'b c'], Interval: 3e9, Timeout: 2e9 } };
    const both = {
      a1: container('a1', { Config }, { Health: { Status: 'starting' } }),
      b2: container('b2', { Config }, { Health: { Status: 'healthy' } }),
    };
    const look = 'engine_look "" >/dev/null; cat "$work/checks"';
    expect(looked(both, `echo old >"$work/checks"; ${look}`)).toEqual(['a1 2 3000 0 0 ["a","b c"]']);
    expect(looked({ b2: both.b2 }, `echo old >"$work/checks"; ${look}`)).toEqual([]);
  });

  it('are looked at again once Docker says something, or after a second', () => {
    const asks = '[ -s "$base/engine/asked" ] && echo asked || echo waits';
    const waiting = `echo one >"$work/events"
engine_look '' >/dev/null; rm "$base/engine/asked"
await_event; engine_look '' >/dev/null & looking=$!`;
    const one = { a1: container('a1') };
    expect(looked(one, `${waiting}; sleep 0.3; ${asks}; echo two >>"$work/events"; wait $looking; ${asks}`)).toEqual([
      ...['waits', 'asked'],
    ]);
    expect(looked(one, `${waiting}; wait $looking; ${asks}`)).toEqual(['asked']);
    // What was said since the last look is seen at once.
    const since = `: >"$work/events"; engine_look '' >/dev/null; echo one >>"$work/events"
clock; from=$clock; patient=30; engine_look '' >/dev/null
clock; [ $((clock - from)) -lt 25 ] && echo soon`;
    expect(looked(one, since)).toEqual(['soon']);
  });

  describe('where all of them only start, and Docker asks them soon', () => {
    const checked = (id: string, Status: string, Interval = 1e9, state: object = {}): object =>
      container(
        id,
        { Config: { Healthcheck: { Test: ['CMD', 'a'], Interval }, Labels: { 'com.docker.compose.service': id } } },
        { Health: { Status }, ...state },
      );
    const starts = { a: checked('a', 'starting'), b: checked('b', 'healthy') };
    const HELD = `: >"$work/events"; holding=5; engine_look '' | cut -d'|' -f1,3`;

    it('are not told for a second', () => {
      const script = `read -r from _ </proc/uptime; ${HELD}; read -r to _ </proc/uptime; echo "$from" "$to"`;
      const lines = looked(starts, script);
      expect(lines.slice(0, 2)).toEqual(['a|starting', 'b|healthy']);
      const [from = 0, to = 0] = lines[2]?.split(' ').map(Number) ?? [];
      expect(to - from).toBeGreaterThan(0.9);
    });

    it('are told as they are once Docker has said something', () => {
      const script = `(until [ -s "$base/engine/asked" ]; do sleep 0.05; done
sed -i s/starting/healthy/ "$base/engine/_containers_a_json"; echo healthy >>"$work/events") &
${HELD}`;
      expect(looked(starts, script)).toEqual(['a|healthy', 'b|healthy']);
    });

    it.each<[string, Readonly<Record<string, object>>, string]>([
      ['all of it starts', starts, 'again'],
      ['all of it is well', { b: starts.b }, 'once'],
      ['one is not well', { ...starts, b: checked('b', 'unhealthy') }, 'once'],
      ['one is to be asked by zebu', { ...starts, b: checked('b', 'starting', 30e9) }, 'once'],
      ['one starts anew', { ...starts, b: checked('b', 'healthy', 1e9, { Status: 'restarting' }) }, 'once'],
      ['one has ended', { ...starts, b: checked('b', 'starting', 1e9, { Status: 'exited' }) }, 'once'],
      ['one has no check', { ...starts, b: container('b') }, 'once'],
    ])('and something is said all the time: %s', (_, containers, times) => {
      const script = `(while [ -d "$work" ] && [ ! -e "$work/told" ]; do echo more >>"$work/events"; sleep 0.02; done) &
${HELD} >/dev/null; : >"$work/told"
[ "$(grep -c 'GET /containers/json' "$base/engine/asked")" = 1 ] && echo once || echo again`;
      expect(looked(containers, script)).toEqual([times]);
    });
  });
});
