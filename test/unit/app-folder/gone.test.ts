import { describe, expect, it } from 'vitest';
import GONE from '../../../src/lib/app-folder/gone.sh';
import { inEachVmShell } from '../../support/vm-shell.js';

/** Runs it in an empty folder, where each `rm` says what it is started with: a function, for busybox starts its own before any other. */
const run = (script: string, rm = 'command rm "$@"'): readonly string[] =>
  inEachVmShell(
    { sudo: 'echo "sudo $*"' },
    `set -eu\n${GONE}\nrm() { echo "rm $*"; ${rm}; }\nmkdir "$folder/in"; cd "$folder/in"\n${script}`,
  );

describe('what goes', () => {
  it('costs no program where it is not there', () => {
    expect(run(`drop a 'b c' '*'; gone a 'b c' '*'; drop; gone; echo $?`)).toEqual(['0']);
  });

  it('goes at once, whatever it is called, and a link that leads nowhere as well', () => {
    const made = `mkdir d; : >'b c'; : >d/file; : >./-n; ln -s nowhere link; : >stays`;
    expect(run(`${made}; drop absent 'b c' link ./-n; gone absent d; echo *`)).toEqual([
      'rm -f b c link ./-n',
      'rm -rf d',
      'stays',
    ]);
  });

  it('is asked of root where it is another one’s', () => {
    expect(run(': >file; gone file absent', 'return 1')).toEqual(['rm -rf file', 'sudo -n rm -rf file']);
  });
});
