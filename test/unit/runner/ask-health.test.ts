import { describe, expect, it } from 'vitest';
import { says, runnerApp, type RunnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

/** What stands for the engine: `bodies` has what it was sent of commands. */
const ENGINE = `engine_socket=$base/socket
may_ask() { [ "$mode" != watch ]; }
engine_api() { printf '%s\\n' "$2" | engine_calls "$1"; }
engine_calls() {
  read -r _ path body
  case $path in
    */exec) printf '%s\\n' "$body" >>"$base/bodies"; [ ! -e "$base/gone" ] || return 0; echo '{"Id":"abc123"}' ;;
    */start) echo "start within $1" >>"$base/starts"; [ ! -e "$base/hangs" ] || return 28 ;;
    */json) n=$(grep -c . "$base/starts"); code=1; [ "$n" -lt "$good" ] || code=0; echo "{\\"ID\\":\\"abc123\\",\\"Running\\":false,\\"ExitCode\\":$code,\\"ProcessConfig\\":{}}" ;;
  esac
}
sleep() { echo "$1" >>"$base/slept"; }
look() { printf '%s\\n' "$@" | meant >"$work/now"; }
good=1 stability=10
`;
const line = (service: string, health: string, started = '1'): string =>
  `${service}|running|${health}|0|0|false|${started}|always |/shop-${service}-1|id-${service}|`;
const CHECK = '5000000000 ["pg_isready","-U","shop\'s"]';

const asking = (app: RunnerApp, template: string): void => app.docker({ 'inspect --format': says(template) });

describe.each(vmShells())('health checks that are asked before Docker does, in $name', { timeout: 60_000 }, (shell) => {
  it('make a container healthy that is starting, by the same command, until it is well', () => {
    const app = runnerApp(shell);
    asking(app, CHECK);
    const { lines } = app.run(`${ENGINE}
good=3
: >"$work/events"
look '${line('db', 'starting')}' '${line('web', 'healthy')}'
ask_starting; wait
cut -d'|' -f1,3 "$work/now"
look '${line('db', 'starting')}' '${line('web', 'healthy')}'
cut -d'|' -f1,3 "$work/now"
sort -u "$base/bodies" "$base/starts"; cat "$base/slept"
cut -d' ' -f2- "$work/events"
note_answered; cat "$release/answered"`);
    expect(lines).toEqual([
      'db|starting',
      'web|healthy',
      'db|healthy',
      'web|healthy',
      'start within 5',
      '{"Cmd":["pg_isready","-U","shop\'s"],"AttachStdout":true,"AttachStderr":true}',
      '0.2',
      '0.2',
      '5',
      'db id-db health_status: healthy',
      'db|1',
    ]);
  });

  it('are asked once a start: what started anew since is not well by what was said before', () => {
    const app = runnerApp(shell);
    asking(app, CHECK);
    const { lines } = app.run(`${ENGINE}
look '${line('db', 'starting')}'
ask_starting; ask_starting; wait
grep -c . "$base/starts"
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
    asking(app, CHECK);
    const hanging = app.run(`${ENGINE}
: >"$base/hangs"
look '${line('db', 'starting')}'
ask_starting; wait
cat "$base/starts"; [ ! -e "$work/answered" ] && echo waits`);
    expect(hanging.lines).toEqual(['start within 5', 'waits']);
    const other = runnerApp(shell);
    asking(other, '0 ');
    const { lines } = other.run(`${ENGINE}
look '${line('db', 'starting')}' '${line('job', 'starting')}'
ask_starting; wait
[ ! -e "$base/bodies" ] && echo 'not asked'
mode=watch asking= askers=; look '${line('db', 'starting')}'; ask_starting
[ -z "$askers" ] && echo 'not by who watches'`);
    expect(lines).toEqual(['not asked', 'not by who watches']);
  });

  it('are asked a few at a time, and no more once the verdict is given', () => {
    const app = runnerApp(shell);
    asking(app, CHECK);
    const { lines } = app.run(`${ENGINE}
ask_health() { command sleep 30; }
for each in 1 2 3 4 5 6 7 8 9 10; do look '${line('db', 'starting')}'; sed "s/id-db/id-$each/" "$work/now" >>"$work/all"; done
cp "$work/all" "$work/now"
ask_starting
set -- $askers; echo "$# at once"
last=$8
stop_asking
{ wait "$last"; } 2>/dev/null; [ $? -gt 128 ] && echo stopped`);
    expect(lines).toEqual(['8 at once', 'stopped']);
  });
});
