import { describe, expect, it } from 'vitest';
import ENGINE from '../../../src/lib/runner/engine.sh';
import { runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const WORLD = `find_engine() { engine_is=$(cat "$base/engine"); }
restarted() { echo "$1" >"$base/engine"; }
restarted 1
sleep() { :; }
attempt() { n=$((n + 1)); echo "attempt $n" >>"$base/attempts"; [ $n != 1 ] || restarted 2; [ $n -ge "$good" ]; }
n=0
`;

describe.each(vmShells())('Docker that is restarted underneath a run, in $name', { timeout: 60_000 }, (shell) => {
  it('has what failed done again, for as often as it was restarted meanwhile', () => {
    const app = runnerApp(shell);
    app.docker({ version: ':' });
    const { lines, journal } = app.run(`${WORLD}
good=2; steady attempt; echo "$? after $n"
restarted 1; n=0 good=9; steady attempt; echo "$? after $n"
attempt() { n=$((n + 1)); restarted "$n-$n"; return 1; }
n=0; steady attempt; echo "$? after $n"
attempt() { n=$((n + 1)); return 1; }
n=0; steady attempt; echo "$? after $n"`);
    expect(lines).toEqual(['0 after 2', '1 after 2', '1 after 4', '1 after 1']);
    expect(new Set(said(journal))).toEqual(new Set(['Docker, which was restarted; then once more']));
  });

  it('is waited for, and not for ever', () => {
    const app = runnerApp(shell);
    app.docker({ version: 'n=$(cat "$state/n" 2>/dev/null || echo 0); echo $((n + 1)) >"$state/n"; [ "$n" -ge 2 ]' });
    const { lines, journal, docker } = app.run(`${WORLD}
docker_back; echo "$?"
good=9; timeout() { return 1; }; steady attempt || echo "$cause: $reason"`);
    expect(lines).toEqual(['0', 'docker-silent: Docker does not answer']);
    expect(docker).toEqual(['version', 'version', 'version']);
    expect(said(journal)).toEqual(['Docker to answer', 'Docker to answer']);
  });

  it('is another verdict: what was judged under it is started and judged once more', () => {
    const app = runnerApp(shell);
    app.docker({ version: ':' });
    const { lines } = app.run(`${WORLD}
bring_up() { echo "up: $1"; }
judged_under=1; still_good; echo "$?"
restarted 2; still_good; echo "$?"
timeout() { return 1; }; still_good || echo "$cause"`);
    expect(lines).toEqual(['0', 'up: Docker was restarted: once more', '0', 'docker-silent']);
  });

  it('is gone where its process is, without having said so', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(`${ENGINE.replaceAll('/run/docker.pid', '"$base/pid"')}
printf '%s' $$ >"$base/pid"; find_engine; [ "$engine_is" = "$$ $(cut -d' ' -f22 /proc/$$/stat)" ] && is_engine "$engine_is" && echo one
printf 999999999 >"$base/pid"; find_engine; printf '%s\n' "$engine_is" | tail -n 1
rm "$base/pid"; find_engine; echo "$engine_is"`);
    expect(lines).toEqual(['one', 'gone', 'gone']);
  });
});
