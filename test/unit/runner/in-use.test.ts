import { describe, expect, it } from 'vitest';
import GONE from '../../../src/lib/app-folder/gone.sh';
import ORDER from '../../../src/lib/app-folder/order.sh';
import IN_USE from '../../../src/lib/runner/in-use.sh';
import PRUNE from '../../../src/lib/runner/remove-old.sh';
import { inNextVmShell } from '../../support/vm-shell.js';

const SETUP = `base=$folder/app work=$folder/work id=r9 keep=1 journal=/dev/null project=shop
mkdir -p "$work" "$base/journals" "$base/repo.git"
for each in r1 r2 r3 r4 r9; do mkdir -p "$base/releases/$each/tree"; : >"$base/releases/$each/verified"; done
live_release() { live_now=r9; }
engine_near() { false; }
begin() { :; }
note() { echo "$2"; }
clock() { clock=0; }
${GONE}${ORDER}${IN_USE}${PRUNE}
prune_gone_images() { :; }
prune_files() { :; }
prune_certificates() { :; }
prune_build_cache() { :; }
`;

const docker = (ps: string, volumes = ''): string =>
  `case "$1 $2" in
  'ps -a') ${ps} ;;
  'volume ls') [ -z '${volumes}' ] || echo vol ;;
  'volume inspect') echo '${volumes}' | sed "s|@|$folder/app|" ;;
esac`;

describe('prune', () => {
  it.each([
    ['a mount of a container that is stopped', docker('echo "/x,$folder/app/releases/r2/tree/app.conf,vol"'), 'r2'],
    [
      'the files a container was made from',
      docker('echo "vol	com.docker.compose.project.config_files=$folder/app/releases/r3/tree/compose.yml,x=y"'),
      'r3',
    ],
    ['the device of a volume', docker(':', '{"device":"@/releases/r1/tree/pgdata","o":"bind","type":"none"}'), 'r1'],
  ])('leaves the release alone that is %s', (_, program, kept) => {
    const lines = inNextVmShell({ docker: program, git: ':' }, `${SETUP}prune; ls "$base/releases"`);
    expect(lines).toEqual(['3 old releases removed, 1 kept: containers or volumes use them', kept, 'r9']);
  });

  it('takes no release for another one whose name begins with its own', () => {
    const lines = inNextVmShell({ docker: docker('echo "$folder/app/releases/r10/tree"'), git: ':' }, `${SETUP}prune`);
    expect(lines).toEqual(['4 old releases removed']);
  });

  it.each([
    ['containers', docker('exit 1')],
    ['volumes', `[ "$1" = ps ] || exit 1`],
  ])('removes nothing when Docker does not say what %s use', (_, program) => {
    const lines = inNextVmShell({ docker: program, git: ':' }, `${SETUP}prune || ls "$base/releases"`);
    expect(lines).toEqual(['Docker does not say what is in use: nothing was removed', 'r1', 'r2', 'r3', 'r4', 'r9']);
  });
});
