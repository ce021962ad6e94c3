import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answers, type RunnerApp, runnerApp, said, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const LOOK = 'inspect --format {{index*RestartPolicy';

/** A Docker that has come up with what was there when the backup was made. */
const docker: Answers = {
  version: ':',
  'ps -aq': 'echo id-web',
  'inspect --format {{.ID}}|{{.RestartCount}}': 'echo "id-web|0|2026-11-28T12:00:00Z"',
  [LOOK]: says(seen({ service: 'web', health: 'healthy' })),
  logs: 'echo "PANIC: no valid checkpoint"',
};

/** Time goes by without being waited for. */
const CLOCK = `clock() { ticks=$((\${ticks:-0} + 1)); clock=$((1000 + ticks)); }
find_engine() { engine_is=1; }
await_event() { :; }
sleep() { :; }
`;

describe.each(vmShells())('the proof, in $name', { timeout: 60_000 }, (shell) => {
  const restored = (answers: Answers = {}, live = 'r2'): RunnerApp => {
    const app = runnerApp(shell);
    app.docker({ ...docker, ...answers });
    if (live !== '') symlinkSync(`releases/${live}`, join(app.base, 'current'));
    return app;
  };
  const prove = (app: RunnerApp, before = ''): ReturnType<RunnerApp['run']> =>
    app.run(`${CLOCK}${before}\nprove`, { mode: 'prove', load: false });

  it('is good when what is live is as it should be, and writes nothing but its journal', () => {
    const app = restored();
    const before = app.list('.');
    expect(prove(app).code).toBe(0);
    expect(app.journal().at(-1)).toMatchObject({ end: 'live', cause: '', reason: '' });
    expect(app.list('.')).toEqual(before);
    expect(app.has('releases.jsonl')).toBe(false);
  });

  it('waits for what comes up in its own time, restarts that it needs for that included', () => {
    const app = restored({
      [LOOK]: `n=$(($(cat "$state/n" 2>/dev/null || echo 0) + 1)); echo $n >"$state/n"
if [ $n -lt 3 ]; then ${says(seen({ service: 'web', health: 'unhealthy' }))}
else
${says(seen({ service: 'web', health: 'healthy' }))}
fi`,
    });
    app.plan('r2', { timeout: '60' });
    expect(prove(app).code).toBe(0);
    expect(app.journal().at(-1)).toMatchObject({ end: 'live' });
    expect(app.journal()).toContainEqual(expect.objectContaining({ state: 'wait', detail: 'web is unhealthy' }));
  });

  it('is not good when it stays otherwise, with the last words of what is', () => {
    const app = restored({ [LOOK]: says(seen({ service: 'web', health: 'unhealthy' })) });
    expect(prove(app).code).toBe(0);
    expect(app.journal().at(-1)).toMatchObject({ end: 'unhealthy', cause: 'unhealthy', reason: 'web is unhealthy' });
    expect(said(app.journal())).toContain('PANIC: no valid checkpoint');
  });

  it.each([
    ['nothing was live', '', '', 'no-container', 'nothing was live when the backup was made'],
    [
      'a deploy stays open',
      'r2',
      'transaction',
      'interrupted',
      'a deploy was under way when the backup was made, and did not come to its end',
    ],
  ])('is not good when %s', (_, live, open, cause, reason) => {
    const app = restored({}, live);
    if (open !== '') app.write(open, 'tx_phase=switch\n');
    prove(app, 'clock() { ticks=$((${ticks:-0} + 100)); clock=$((1000 + ticks)); }');
    expect(app.journal().at(-1)).toMatchObject({ end: 'unhealthy', cause, reason });
  });

  it('is not good without a Docker that answers', () => {
    const app = restored({ version: 'exit 1' });
    prove(app, 'docker_back() { return 1; }');
    expect(app.journal().at(-1)).toMatchObject({ end: 'unhealthy', cause: 'docker-silent' });
  });
});
