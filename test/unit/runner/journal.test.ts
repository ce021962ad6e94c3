import { describe, expect, it } from 'vitest';
import { runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const HOSTILE = 'a "b" \\ $(id) `id` \'c\' -n %s é';

describe.each(vmShells())('the journal, in $name', { timeout: 60_000 }, (shell) => {
  it('is JSON a line, whatever is said', () => {
    const app = runnerApp(shell);
    app.write('said', `${HOSTILE}\n\u001b[31mred\u001b[0m\tx\u0007\n\n-e\n`);
    const { journal, lines } = app.run(`begin check x
read -r hostile <"$base/said"
note wait "$hostile
second"
logged cat "$base/said"; echo "$?"
logged sh -c 'echo out; echo err >&2; printf last; exit 7'; echo "$?"
last_line check`);
    expect(journal).toEqual([
      expect.objectContaining({ step: 'check', state: 'begin', detail: 'x' }),
      expect.objectContaining({ step: 'check', state: 'wait', detail: `${HOSTILE} second` }),
      { step: 'check', line: HOSTILE },
      { step: 'check', line: 'red x ' },
      { step: 'check', line: '' },
      { step: 'check', line: '-e' },
      { step: 'check', line: 'out' },
      { step: 'check', line: 'err' },
      { step: 'check', line: 'last' },
    ]);
    expect(lines).toEqual(['0', '7', 'last']);
  });

  it('has the last line of a step as it was said, to be told as the reason', () => {
    const app = runnerApp(shell);
    const said = 'failed to solve: process "/bin/sh -c a\\b" did not complete: exit code: 1';
    app.write('said', `${said}\n   \n`);
    const { journal } = app.run(`begin build ''
logged cat "$base/said"
step=start-up; logged echo later
blame build-failed 'the build failed: ' "$(last_line build)"
finish refused "$cause" "$reason"`);
    expect(journal.at(-1)).toMatchObject({
      end: 'refused',
      cause: 'build-failed',
      reason: `the build failed: ${said}`,
    });
  });

  it.each([
    ['nothing', '', ''],
    ['a whole line', '{}\\n', ''],
    ['half a line', '{}', '\n'],
    ['what a power cut has left', '{}\\n\\0\\0', '\n'],
  ])('ends what was cut off before it goes on: after %s', (_, cut, more) => {
    const app = runnerApp(shell);
    app.run(`printf '${cut}' >"$base/journals/cut"; cp "$base/journals/cut" "$base/before"; mend "$base/journals/cut"`);
    expect(app.read('journals/cut')).toBe(app.read('before') + more);
  });

  it('goes on with the space that was set aside, and leaves half a line alone', () => {
    const app = runnerApp(shell);
    app.write('.reserve', 'room');
    app.write('journals/cut', '{"t":1,"st');
    const { lines } = app.run(`printf() {
  [ "$full" != 1 ] || [ ! -e "$base/.reserve" ] || { command printf '{"half'; return 1; }
  command printf "$@"
}
full=1
append "$base/journals/cut" whole; cat "$base/journals/cut"
: >"$base/.reserve"; put "$base/transaction" new; cat "$base/transaction"; ls -A "$base" | grep -c reserve
full=
ln -s /dev/full "$base/transaction.new"
put "$base/transaction" never || echo failed; cat "$base/transaction"`);
    expect(lines).toEqual(['{"t":1,"st{"half', 'whole', 'new', '0', 'failed', 'new']);
  });

  it('has the transaction open with all that is needed to end it, on the disk before anything is switched', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(
      'sync() { printf "%s\\n" "$@"; }; phase prepare; cp "$transaction" "$base/prepare"; phase switch',
    );
    expect(app.read('prepare')).toMatch(
      /^tx_phase=prepare tx_mode=deploy tx_half= tx_id=r2 tx_run=run2 tx_previous=r1 tx_started=\d+ tx_boot=\S+ tx_uptime=\d+\n$/,
    );
    expect(app.read('transaction')).toMatch(/^tx_phase=switch /);
    app.run('phase prepare', { mode: 'prepare' });
    expect(app.read('transaction')).toMatch(/^tx_phase=prepare tx_mode=deploy tx_half=prepare tx_id=r2 /);
    const synced = ['runner', 'order', 'releases/r2/plan', 'transaction', 'journals/run2.jsonl'];
    expect(lines).toEqual([...synced.map((each) => `${app.base}/${each}`), app.base]);
  });

  it('is where a rehearsal stands still, for as long as it is asked to', () => {
    const app = runnerApp(shell);
    app.write('pause-at', 'verify');
    const { journal, lines } = app.run(`sleep() { n=$((n + 1)); [ $n -lt 3 ] || rm "$base/pause-at"; }
n=0; begin check ''; begin verify ''; echo "$n"`);
    expect(lines).toEqual(['3']);
    expect(said(journal)).toEqual([`${app.base}/pause-at to be removed`]);
  });

  it('has no value of a secret, in whatever is noted, printed or told at the end', () => {
    const app = runnerApp(shell);
    app.write('shared/secrets/1.env', "PASSWORD='hunter22222-hunter'\n");
    const { journal } = app.run(`begin check 'with hunter22222-hunter'
logged echo 'password is hunter22222-hunter'
finish refused up-failed "hunter22222-hunter was wrong"`);
    const text = JSON.stringify([journal, app.read('releases.jsonl')]);
    expect(text).toContain('password is ');
    expect(text).not.toContain('hunter22222');
  });
});
