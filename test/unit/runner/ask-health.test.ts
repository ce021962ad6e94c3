import { describe, expect, it } from 'vitest';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const COMMAND = '["pg_isready","-U","a\\"b\\\\c"]';

/** What stands for the engine: `asked` has what it was asked, and `slept` for how long nobody asked. */
const ENGINE = `may_ask() { [ "$mode" != watch ]; }
health_check() {
  printf '%s\\n' "$*" >>"$base/asked"
  [ ! -e "$base/hangs" ] || return 2
  [ "$(grep -c . "$base/asked")" -ge "$good" ]
}
sleep() { echo "$1" >>"$base/slept"; }
checks() { cut -d'|' -f10 "$work/now" | while read -r each; do [ -z "$check_is" ] || printf '%s\\n' "$each $check_is"; done >"$work/checks"; }
look() { printf '%s\\n' "$@" | meant >"$work/now"; checks; }
good=1 stability=10 check_is='${checked({})}'
`;
const line = (service: string, health: string, started = '1'): string =>
  `${service}|running|${health}|0|0|false|${started}|always |/shop-${service}-1|id-${service}|`;

/** What is told of a check: seconds that it may take, milliseconds between, while it starts, and how long that is. */
function checked({ every = 30_000, early = 0, starting = 0 }): string {
  return `5 ${every} ${early} ${starting} ${COMMAND}`;
}

describe.each(vmShells())('health checks that are asked before Docker does, in $name', { timeout: 60_000 }, (shell) => {
  it('make a container healthy that is starting, by the same command, until it is well', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(`${ENGINE}
good=3
: >"$work/events"
look '${line('db', 'starting')}' '${line('web', 'healthy')}'
ask_starting; wait
cut -d'|' -f1,3 "$work/now"
look '${line('db', 'starting')}' '${line('web', 'healthy')}'
cut -d'|' -f1,3 "$work/now"
sort -u "$base/asked"; cat "$base/slept"
cut -d' ' -f2- "$work/events"
note_answered; cat "$release/answered"`);
    expect(lines).toEqual([
      'db|starting',
      'web|healthy',
      'db|healthy',
      'web|healthy',
      `5 ask id-db ${COMMAND}`,
      '0.2',
      '0.2',
      '5',
      'db id-db health_status: healthy',
      'db|1',
    ]);
  });

  it('are asked once a start: what started anew since is not well by what was said before', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(`${ENGINE}
look '${line('db', 'starting')}'
ask_starting; ask_starting; wait
grep -c . "$base/asked"
look '${line('db', 'starting', '2')}'
cut -d'|' -f3 "$work/now"
ask_starting; wait
look '${line('db', 'starting', '2')}'
cut -d'|' -f3 "$work/now"
look '${line('db', 'unhealthy', '2')}'
cut -d'|' -f3 "$work/now"`);
    expect(lines).toEqual(['2', 'starting', 'healthy', 'unhealthy']);
  });

  it('are left to Docker where the command hangs, is for a shell of the image, or nobody may ask', () => {
    const app = runnerApp(shell);
    const hanging = app.run(`${ENGINE}
: >"$base/hangs"
look '${line('db', 'starting')}'
ask_starting; wait
cat "$base/asked"; [ ! -e "$work/answered" ] && echo waits`);
    expect(hanging.lines).toEqual([`5 ask id-db ${COMMAND}`, 'waits']);
    const { lines } = runnerApp(shell).run(`${ENGINE}
check_is=
look '${line('db', 'starting')}' '${line('job', 'starting')}'
ask_starting; wait
[ ! -e "$base/asked" ] && echo 'not asked'
mode=watch asking= askers=; look '${line('db', 'starting')}'; ask_starting
[ -z "$askers" ] && echo 'not by who watches'`);
    expect(lines).toEqual(['not asked', 'not by who watches']);
  });

  it.each<[string, string, readonly string[]]>([
    ['always, as often as would count here', checked({ every: 5000 }), []],
    ['always, a little less often', checked({ every: 5001 }), ['asked', 'asked', '5']],
    [
      'at the start',
      checked({ early: 500, starting: 2500 }),
      // What is waited for first is how long that is.
      ['asked', 'asked', '1', '1', '1', '5'],
    ],
    ['at the start, not often enough', checked({ early: 6000, starting: 9000 }), ['asked', 'asked', '5']],
  ])('are left to Docker as long as it asks often: %s', (_, check, done) => {
    const { lines } = runnerApp(shell).run(`${ENGINE}
check_is='${check}'
look '${line('db', 'starting')}'
ask_starting; wait
cut -d' ' -f2 "$base/asked" 2>/dev/null | sed 's/ask/asked/'; cat "$base/slept" 2>/dev/null
for each in "$work"/early-*; do [ ! -e "$each" ] || echo left; done`);
    expect(lines).toEqual(done);
  });

  it('do not take the place of others while they wait for that', () => {
    const { lines } = runnerApp(shell).run(`${ENGINE}
check_is='${checked({ early: 500, starting: 60_000 })}'
sleep() { command sleep 30; }
for each in 1 2 3 4 5 6 7 8 9 10; do look '${line('db', 'starting')}'; sed "s/id-db/id-$each/" "$work/now" >>"$work/all"; done
cp "$work/all" "$work/now"; checks
ask_starting
until set -- "$work"/early-*; [ $# -ge 8 ]; do command sleep 0.05; done
ask_starting
until set -- "$work"/early-*; [ $# -ge 10 ]; do command sleep 0.05; done
stop_asking
set -- "$work"/early-*; [ -e "$1" ] || echo none`);
    expect(lines).toEqual(['none']);
  });

  it('are asked a few at a time, and no more once the verdict is given', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(`${ENGINE}
ask_health() { command sleep 30; }
for each in 1 2 3 4 5 6 7 8 9 10; do look '${line('db', 'starting')}'; sed "s/id-db/id-$each/" "$work/now" >>"$work/all"; done
cp "$work/all" "$work/now"; checks
ask_starting
set -- $askers; echo "$# at once"
last=$8
stop_asking
{ wait "$last"; } 2>/dev/null; [ $? -gt 128 ] && echo stopped`);
    expect(lines).toEqual(['8 at once', 'stopped']);
  });
});
