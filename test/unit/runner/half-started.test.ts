import { describe, expect, it } from 'vitest';
import HALF_STARTED from '../../../src/lib/runner/half-started.sh';
import { inEachVmShell } from '../../support/vm-shell.js';

const ID = '71b0bc18de1c0922b56bddd4cd8173b1f55f6490319afe43d3a0320cc544031b';
const SHIM = `Error response from daemon: failed to create task for container: failed to start shim: mkdir /run/containerd/io.containerd.runtime.v2.task/moby/${ID}: file exists: unknown`;
const TASK = `Error response from daemon: failed to create task for container: task ${ID}: already exists: unknown`;

/** What is done about the last line of `docker compose up`, and whether another attempt is worth it. */
function mended(said: string, { rolls = false, port = 1, reason = '' } = {}): readonly string[] {
  const docker = `[ "$1" != inspect ] || { [ "$4" = ${ID} ] && echo web; }
[ "$1" != rm ] || echo "$@" >&3`;
  const script = `
work=$folder
printf '${rolls ? 'web' : ''}' >$work/roll
last_line() { printf '%s\\n' '${said}'; }
note() { echo "$2"; }
timeout() { shift; "$@"; }
logged() { "$@"; }
compose() { echo "compose $*"; }
forgotten_port() { reason='${reason}'; return ${port}; }
${HALF_STARTED}
exec 3>&1
reason= half=rehearse
mend_start; echo "$?"
[ $half = rehearse ] || echo "half=$half"`;
  return inEachVmShell({ docker }, script);
}

describe('a container that Docker was cut off at', () => {
  const waits = 'web to be made anew: Docker was cut off while it started it';

  it.each([SHIM, TASK])('is made anew, with its volumes: %s', (said) => {
    expect(mended(said)).toEqual([waits, 'compose up -d --no-build --no-deps --force-recreate web', '0']);
  });

  it('is removed where it was to stand beside the old one', () => {
    expect(mended(SHIM, { rolls: true })).toEqual([waits, `rm -f ${ID}`, '0']);
  });

  it('is none that fails for another reason', () => {
    expect(mended(`failed to create task for container: exec: "/x": no such file: ${ID}: unknown`)).toEqual(['1']);
    expect(mended(`mkdir /srv/${ID}: file exists`)).toEqual(['1']);
    expect(mended(SHIM.replace(ID, ID.replace('7', '8')))).toEqual(['1']);
  });

  it('is not looked for when a port was in the way', () => {
    expect(mended(SHIM, { port: 0 })).toEqual(['0']);
    expect(mended(SHIM, { reason: 'port 80 is taken' })).toEqual(['1']);
  });
});
