import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import START from '../../../src/lib/runner/start.sh';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('the start of a run, in $name', { timeout: 60_000 }, (shell) => {
  it('has a folder of its own in memory, which nobody else can read, and which goes with it', () => {
    const app = runnerApp(shell);
    const { lines } = app.run('echo "$work"; stat -c %a "$work"; echo "$BUILDX_GIT_INFO"; cat "$base/worker"; echo $$');
    expect(lines[0]).toMatch(new RegExp(`^/dev/shm/zebu-${basename(app.base)}[.]\\w{6}$`));
    expect(lines.slice(1, 3)).toEqual(['700', '0']);
    expect(lines[3]).toBe(lines[4]);
    expect(readdirSync('/dev/shm').filter((each) => each.includes(basename(app.base)))).toEqual([]);
  });

  it('removes what a run left there that was killed, secrets with it', () => {
    const app = runnerApp(shell);
    const { lines } =
      app.run(`old=/dev/shm/zebu-$app.killed; mkdir "$old"; echo secret >"$old/config"; mkdir "$base/.run.killed"
( set -- deploy "$base" r2 run2 worker
${START}
ls -d "$old" "$base"/.run.* 2>/dev/null || echo gone )`);
    expect(lines).toEqual(['gone']);
  });

  it('masks with the versions of secrets that are there, and with nothing where there is none', () => {
    const app = runnerApp(shell);
    const tell = 'echo "$masks"';
    expect(app.run(tell).lines).toEqual(['/dev/null']);
    app.write('shared/secrets/1.env', "A='x'\n");
    expect(app.run(tell).lines).toEqual([`${app.base}/shared/secrets`]);
  });

  it('watches the one that works: what that leaves open when it is killed is recovered at once, three times at most', () => {
    const app = runnerApp(shell);
    const watched = (leaves: string): readonly string[] => {
      app.write('seen', '');
      app.write('runner-stub', `echo "$*" >>"$2/seen"\n${leaves}\n`);
      app.run(`mv "$base/runner-stub" "$base/runner"
( set -- deploy "$base" r2 run2
${START} ) 2>/dev/null`);
      return app.read('seen').trim().split('\n');
    };
    const rest = `${app.base} r2 run2 worker`;
    expect(watched(':')).toEqual([`deploy ${rest}`]);
    expect(
      watched('if [ "$1" = deploy ]; then : >"$2/transaction"; kill -9 $$; else rm -f "$2/transaction"; fi'),
    ).toEqual([`deploy ${rest}`, `recover ${rest}`]);
    expect(watched(': >"$2/transaction"')).toEqual([`deploy ${rest}`, ...Array<string>(3).fill(`recover ${rest}`)]);
    // What it leaves open itself is for somebody to look at.
    expect(watched(': >"$2/transaction"; exit 75')).toEqual([`deploy ${rest}`]);
  });

  it('leaves what takes long to remove until it is over, when others may have the lock', () => {
    const app = runnerApp(shell);
    app.write('.gone.r1/tree/file', '');
    app.program('rm', {
      '': `case "$*" in *.gone.*) flock -n "${app.base}/lock" echo free >>"${app.base}/seen" ;; esac; exec /bin/rm "$@"`,
    });
    app.write('runner-stub', 'flock -n "$2/lock" echo free >>"$2/seen" || ls -d "$2"/.gone.* >>"$2/seen"\n');
    app.run(`mv "$base/runner-stub" "$base/runner"
( exec 9>"$base/lock"; flock 9; set -- deploy "$base" r2 run2
${START} )`);
    expect(app.read('seen').trim().split('\n')).toEqual([`${app.base}/.gone.r1`, 'free']);
    expect(app.has('.gone.r1')).toBe(false);
  });
});
