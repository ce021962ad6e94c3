import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import { endlessDump, waitedForDump } from '../../support/dump-world.js';
import { type RunnerApp, runnerApp, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const CONFIG = JSON.stringify({ name: 'shop', services: { web: { image: 'x' } } }, null, 2);
const LOOK = 'inspect --format {{index*RestartPolicy';

/** A Docker with one container, of which $state/now says how it is. */
const docker = {
  version: ':',
  'compose config --format json': says(...CONFIG.split('\n')),
  'compose config --hash': says('web hash'),
  'compose up': `echo "Container shop-web-1 Started"\n{\n${says(seen({ service: 'web', health: 'healthy' }))}\n} >"$state/now"`,
  'ps -aq': 'echo id-web',
  'ps --no-trunc': 'echo "web id-old"',
  'ps -a': says('own\tweb|hash|x|1'),
  'inspect --format {{.ID}}|{{.RestartCount}}': 'echo "id-web|0|2026-11-28T12:00:00Z"',
  [LOOK]: 'cat "$state/now"',
  'inspect --format {{index*config-hash': says('web\thash\tsha256:1\t shop_default \tshop-web-1'),
  events: 'exec sleep 5',
  logs: 'echo "last words"',
};

/** Time goes by without being waited for: each sleep makes $state/slept longer, and probation as much shorter. */
const CLOCK = `find_engine() { engine_is=1; }
await_event() { :; }
sleep() {
  echo "$1" >>"$base/../state/slept"
  [ ! -s "$base/probation" ] || sed "s/pr_left=[0-9]*/pr_left=$(($(sed -n 's/.*pr_left=\\([0-9]*\\).*/\\1/p' "$base/probation") - 10))/" "$base/probation" >"$base/p" && mv "$base/p" "$base/probation"
  rm -f "$base/probation.left"
}
`;

describe.each(vmShells())('probation, in $name', { timeout: 60_000 }, (shell) => {
  const onProbation = (seconds = 60): RunnerApp => {
    const app = runnerApp(shell);
    app.docker(docker);
    app.plan('r2', { probation: String(seconds) });
    app.write('runner', '');
    app.write('releases/r2/verified', '');
    symlinkSync('releases/r2', join(app.base, 'current'));
    app.write('probation', `pr_id=r2 pr_run=run2 pr_previous=r1 pr_left=${seconds} pr_boot=another pr_uptime=5\n`);
    return app;
  };
  const now = (app: RunnerApp, health: string): void =>
    app.write('../state/now', `${seen({ service: 'web', health })}\n`);
  const watch = (app: RunnerApp, before = ''): ReturnType<RunnerApp['run']> =>
    app.run(`${CLOCK}${before}\nwatch_probation`, { mode: 'watch', load: false });

  it('begins for what is deployed over another release, and ends with whatever goes live next', () => {
    const app = runnerApp(shell);
    app.plan('r2', { probation: '600' });
    app.run('begin_probation');
    expect(app.read('probation')).toMatch(
      /^pr_id=r2 pr_run=run2 pr_previous=r1 pr_left=600 pr_boot=\S+ pr_uptime=\d+\n$/,
    );
    app.run('mode=secrets; begin_probation');
    expect(app.has('probation')).toBe(true);
    app.run('mode=rollback; begin_probation');
    expect(app.has('probation')).toBe(false);
    app.run('previous= ; begin_probation');
    expect(app.has('probation')).toBe(false);
  });

  it('is over when its time is, without a word', () => {
    const app = onProbation();
    now(app, 'healthy');
    expect(watch(app).code).toBe(0);
    expect([app.has('probation'), app.has('probation.why')]).toEqual([false, false]);
    expect(app.read('../state/slept').split('\n').filter(Boolean).length).toBe(6);
  });

  it('fails with the second look in a row that says so', () => {
    const app = onProbation();
    now(app, 'unhealthy');
    expect(watch(app).code).toBe(0);
    expect(app.read('probation.why')).toBe('web is unhealthy\n');
    expect(app.read('../state/slept')).toBe('10\n');
  });

  it('does not fail of one look, nor of what is seen while somebody is at work', () => {
    const once = onProbation();
    now(once, 'healthy');
    // Every other look.
    once.docker({
      ...docker,
      [LOOK]: `if [ -e "$state/odd" ]; then\nrm "$state/odd"\n${says(seen({ service: 'web', health: 'healthy' }))}
else\n: >"$state/odd"\n${says(seen({ service: 'web', health: 'unhealthy' }))}
fi`,
    });
    watch(once);
    expect([once.has('probation'), once.has('probation.why')]).toEqual([false, false]);
    const busy = onProbation();
    now(busy, 'unhealthy');
    const { docker: asked } = watch(busy, 'at_work() { return 0; }');
    expect([busy.has('probation.why'), asked.filter((each) => each.startsWith('inspect --format {{index'))]).toEqual([
      false,
      [],
    ]);
  });

  it('says nothing of a Docker that is away, or was restarted', () => {
    const away = onProbation();
    away.docker({ ...docker, 'ps -aq': 'exit 1' });
    watch(away);
    expect(away.has('probation.why')).toBe(false);
    const again = onProbation();
    now(again, 'unhealthy');
    watch(again, 'find_engine() { read -r engine_is </proc/sys/kernel/random/uuid; }');
    expect(again.has('probation.why')).toBe(false);
  });

  it('is none of what is live by now', () => {
    const app = onProbation();
    symlinkSync('releases/r1', join(app.base, 'other'));
    now(app, 'unhealthy');
    watch(app, 'mv -T "$base/other" "$base/current"');
    expect([app.has('probation'), app.has('probation.why')]).toEqual([false, false]);
  });

  it('ends with the release before, as if it had never been live', () => {
    const app = onProbation();
    now(app, 'unhealthy');
    app.write('probation.why', 'web is unhealthy\n');
    app.write('journals/run3.jsonl', '');
    const { journal, code } = app.start('probation', { run: 'run3' });
    expect(code).toBe(0);
    expect(readlinkSync(join(app.base, 'current'))).toBe('releases/r1');
    expect([
      app.has('probation'),
      app.has('probation.why'),
      app.has('releases/r2/verified'),
      app.has('transaction'),
    ]).toEqual([...[false, false, false, false]]);
    expect(journal.at(-1)).toMatchObject({
      end: 'restored',
      step: 'probation',
      cause: 'probation',
      reason: 'within its probation: web is unhealthy',
    });
    expect(parseHistory(app.read('releases.jsonl'))).toMatchObject([
      { id: 'r2', run: 'run3', mode: 'probation', verdict: 'restored', cause: 'probation' },
    ]);
  });

  it('waits twenty seconds for a dump before it goes back, and has it not kept', () => {
    const app = onProbation();
    now(app, 'unhealthy');
    app.write('probation.why', 'web is unhealthy\n');
    app.write('journals/run3.jsonl', '');
    endlessDump(app);
    const { calls, journal } = app.start('probation', { run: 'run3' });
    expect([waitedForDump(calls), app.has('data/overtaken')]).toEqual([['20'], true]);
    expect(journal.at(-1)).toMatchObject({ end: 'restored', reason: 'within its probation: web is unhealthy' });
  });

  it('goes on where it is well again by the time it would be gone back from', () => {
    const app = onProbation();
    now(app, 'healthy');
    app.write('probation.why', 'web is unhealthy\n');
    app.write('journals/run3.jsonl', '');
    app.start('probation', { run: 'run3' });
    expect([readlinkSync(join(app.base, 'current')), app.has('probation'), app.has('probation.why')]).toEqual([
      ...['releases/r2', true, false],
    ]);
    expect([app.has('releases.jsonl'), app.has('transaction')]).toEqual([false, false]);
  });

  it('leaves nothing behind where its end was written and no more, or where there is nothing to go back to', () => {
    const written = onProbation();
    written.write('probation.why', 'web is unhealthy\n');
    written.write('journals/run3.jsonl', '');
    written.write(
      'releases.jsonl',
      '{"id":"r2","run":"run3","mode":"probation","verdict":"restored","reason":"x","gaps":{}}\n',
    );
    written.write(
      'transaction',
      'tx_phase=restore tx_mode=probation tx_id=r2 tx_run=run3 tx_previous=r1 tx_started=1795932000 tx_boot=another tx_uptime=5\n',
    );
    written.start('recover', { id: '-', run: '-' });
    expect(['probation', 'probation.why', 'transaction'].map((file) => written.has(file))).toEqual([
      false,
      false,
      false,
    ]);
    const alone = onProbation();
    now(alone, 'unhealthy');
    alone.write('probation.why', 'web is unhealthy\n');
    alone.write('journals/run3.jsonl', '');
    rmSync(join(alone.base, 'releases/r1'), { recursive: true });
    const { journal } = alone.start('probation', { run: 'run3' });
    expect(journal.at(-1)).toMatchObject({ end: 'unhealthy', cause: 'probation' });
    expect(['probation', 'probation.why', 'transaction'].map((file) => alone.has(file))).toEqual([false, false, false]);
  });

  it('is gone back from also when that was interrupted, before the link or after it', () => {
    for (const current of ['r2', 'r1']) {
      const app = onProbation();
      symlinkSync(`releases/${current}`, join(app.base, '.new'));
      app.run('mv -T "$base/.new" "$base/current"');
      now(app, 'unhealthy');
      app.write('probation.why', 'web is unhealthy\n');
      app.write('journals/run3.jsonl', '{"t":1,"step":"start-up","state":"begin","detail":""}\n');
      app.write(
        'transaction',
        'tx_phase=switch tx_mode=probation tx_id=r2 tx_run=run3 tx_previous=r1 tx_started=1795932000 tx_boot=another tx_uptime=5\n',
      );
      app.start('recover', { id: '-', run: '-' });
      expect([readlinkSync(join(app.base, 'current')), app.has('probation'), app.has('transaction')]).toEqual([
        ...['releases/r1', false, false],
      ]);
      const [record] = parseHistory(app.read('releases.jsonl'));
      expect(record).toMatchObject({ id: 'r2', mode: 'probation', verdict: 'restored', cause: 'probation' });
      expect(record?.reason).toMatch(
        /^within its probation: web is unhealthy; the run in the VM was interrupted during start-up/,
      );
    }
  });
});
