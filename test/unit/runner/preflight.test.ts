import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

/** `df -Pk` of two places, free as the files say, in MiB. */
const DF = `df() {
  shift
  echo 'Filesystem     1024-blocks    Used Available Capacity Mounted on'
  for each; do
    case $each in "$base") free=$(cat "$base/free.base") ;; *) free=$(cat "$base/free.docker") ;; esac
    [ -z "$free" ] || echo "/dev/sda1 9999999 1 $((free * 1024)) 1% /a place"
  done
}
`;
const GIVES_UP = `prune_images() { echo images; echo "\${gives:-0}" >"$base/free.docker"; }
prune_build_cache() { echo "cache $1"; }
`;

describe.each(vmShells())('room for a release, in $name', { timeout: 60_000 }, (shell) => {
  it('is looked for once where there is enough, and some is set aside for a way out', () => {
    const app = runnerApp(shell);
    app.write('free.base', '900');
    app.write('free.docker', '900');
    const { lines, code } = app.run(`${DF}${GIVES_UP}min_free=500; check_room`);
    expect([code, lines]).toEqual([0, []]);
    expect(statSync(join(app.base, '.reserve')).size).toBe(8 * 1024 * 1024);
  });

  it('is made of old images and build cache, before anything is refused', () => {
    const app = runnerApp(shell);
    app.write('free.base', '900');
    app.write('free.docker', '100');
    const { lines, journal } = app.run(`${DF}${GIVES_UP}min_free=500 gives=700; check_room; echo "$?"`);
    expect(lines).toEqual(['images', 'cache 0', '0']);
    expect(said(journal)).toEqual(['room: 100 MiB are free in /var/lib/docker; removing old images and build cache']);
  });

  it('is missing with a number and the key that says how much it should be', () => {
    const app = runnerApp(shell);
    app.write('free.base', '900');
    app.write('free.docker', '100');
    const { lines } = app.run(`${DF}${GIVES_UP}tell() { echo "$cause: $reason"; }
min_free=500 gives=120; check_room || tell
echo 50 >"$base/free.base"; check_room || tell
# Where Docker keeps its data elsewhere, what df says of the usual place is nothing.
echo 900 >"$base/free.base"; : >"$base/free.docker"; check_room; echo "$?"
min_memory=999999999; check_room || tell
rm "$base/.reserve"; fallocate() { return 1; }; head() { printf half; return 1; }; check_room || tell; ls -A "$base" | grep -c reserve`);
    expect(lines).toEqual([
      ...[
        'images',
        'cache 0',
        'no-space: no space left: 120 MiB are free in /var/lib/docker, deploy.min_free_mb is 500',
      ],
      ...['images', 'cache 0', `no-space: no space left: 50 MiB are free in ${app.base}, deploy.min_free_mb is 500`],
      '0',
      expect.stringMatching(/^no-memory: \d+ MiB of memory are available, deploy.min_memory_mb is 999999999$/),
      ...['no-space: no space left in the VM', '0'],
    ]);
  });
});
