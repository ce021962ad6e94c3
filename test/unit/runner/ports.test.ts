import { describe, expect, it } from 'vitest';
import PORTS from '../../../src/lib/runner/ports.sh';
import { inEachVmShell } from '../../support/vm-shell.js';

const ALLOCATED =
  'Error response from daemon: driver failed programming external connectivity on endpoint shop-web-1 (0a1b): Bind for 0.0.0.0:8080 failed: port is already allocated';

interface Machine {
  /** What `docker compose up` said last. */
  readonly said?: string;
  /** Containers that publish the port. */
  readonly publish?: string;
  readonly liveRestore?: boolean;
  /** Compose project of what runs. */
  readonly runs?: string;
  readonly sudo?: boolean;
}

/** Runs it where Docker is as told. */
function forgottenPort({
  said = ALLOCATED,
  publish = '',
  liveRestore = true,
  runs = 'blog',
  sudo = true,
}: Machine): readonly string[] {
  const docker = `case "$*" in *publish*) printf '%s' '${publish}' ;; ps*) echo '${runs}' ;; info*) echo ${String(liveRestore)} ;; esac`;
  const script = `
project=shop
last_line() { echo '${said}'; }
note() { echo "$2"; }
find_engine() { engine_is=$(cat $folder/restarted 2>/dev/null); }
is_engine() { find_engine; [ "$engine_is" = "$1" ]; }
docker_back() { echo back; }
timeout() { shift; "$@"; }
${PORTS}
reason=
forgotten_port; echo "$? $reason"`;
  return inEachVmShell({ docker, sudo: sudo ? 'echo anew >$folder/restarted' : 'exit 1' }, script);
}

describe('a port that Docker does not give', () => {
  it.each([{}, { liveRestore: false, runs: 'shop' }])(
    'is let go of by a restart that stops nobody else: %o',
    (machine) => {
      expect(forgottenPort(machine)).toEqual([
        'Docker, which is restarted: it holds port 8080 for a container that is gone',
        'back',
        '0',
      ]);
    },
  );

  it('is told with the container that has it', () => {
    expect(forgottenPort({ publish: 'blog-web-1' })).toEqual(['1 port 8080 is taken by the container blog-web-1']);
  });

  it.each([{ liveRestore: false }, { sudo: false }])(
    'is told with what to do where Docker may not be restarted: %o',
    (machine) => {
      expect(forgottenPort(machine).at(-1)).toMatch(/^1 Docker holds port 8080 .*: sudo systemctl restart docker$/);
    },
  );

  it('is not the matter with another error', () => {
    expect(forgottenPort({ said: 'no such image' })).toEqual(['1']);
  });
});
