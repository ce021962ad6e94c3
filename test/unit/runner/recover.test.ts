import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../../src/lib/app-folder/history.js';
import { type RunnerApp, runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

// How each phase ends is in causes.test.ts.
describe.each(vmShells())('what an interrupted run left open, in $name', { timeout: 60_000 }, (shell) => {
  const open = (app: RunnerApp, phase: string): void =>
    app.write(
      'transaction',
      `tx_phase=${phase} tx_mode=deploy tx_id=r2 tx_run=run2 tx_previous=r1 tx_started=1795932000 tx_boot=another tx_uptime=5\n`,
    );

  it('is only closed in the journal where the history has its end already, in the same words', () => {
    const app = runnerApp(shell);
    const reason = 'web said "no", \\"gaps\\": $(id)';
    open(app, 'switch');
    app.write('journals/run2.jsonl', '{"t":1,"step":"verify","state":"begin","detail":""}\n{"t":2,"ste');
    const line = `{"id":"r2","run":"run2","started":1,"seconds":9,"verdict":"restored","step":"verify","cause":"unhealthy","reason":${JSON.stringify(reason)},"gaps":{}}`;
    app.write('releases.jsonl', `{"id":"r2","run":"run20","verdict":"live"}\n${line}\n`);
    const { code, docker } = app.run('recover', { mode: 'recover', load: false });
    expect([code, docker, app.has('transaction')]).toEqual([0, [], false]);
    const end = JSON.parse(app.read('journals/run2.jsonl').trim().split('\n').at(-1) ?? '') as object;
    expect(end).toMatchObject({ end: 'restored', cause: 'unhealthy', reason });
    expect(app.read('releases.jsonl').trim().split('\n')).toHaveLength(2);
  });

  it('is forgotten where its release is gone: nobody is held up by it', () => {
    const app = runnerApp(shell);
    open(app, 'switch');
    app.write('journals/run2.jsonl', '{"t":1,"step":"start-up","state":"begin","detail":""}\n');
    rmSync(join(app.base, 'releases/r2'), { recursive: true });
    const { lines, journal, docker } = app.run('step=next; if heal; then echo next; fi', {
      load: false,
      runner: true,
      run: 'run3',
    });
    expect([lines, docker, app.has('transaction')]).toEqual([['next'], [], false]);
    expect(app.journal('run2').at(-1)).toMatchObject({ end: 'unhealthy', step: 'start-up', cause: 'interrupted' });
    expect(app.journal('run2').at(-1)?.reason).toMatch(/; its release is gone$/);
    expect(journal).toMatchObject([{ step: 'heal', detail: 'an earlier run was interrupted' }]);
  });

  it('is undone before another run begins, by the runner that is there', () => {
    const app = runnerApp(shell);
    symlinkSync('releases/r1', join(app.base, 'current'));
    open(app, 'prepare');
    app.write('journals/run2.jsonl', '{"t":1,"step":"build","state":"begin","detail":""}\n');
    app.write('journals/run3.jsonl', '');
    const { lines } = app.run('if heal; then echo next; fi', { load: false, runner: true, run: 'run3' });
    expect(lines).toEqual(['next']);
    expect(app.has('transaction')).toBe(false);
    expect(app.journal('run2').at(-1)).toMatchObject({ end: 'refused', step: 'build', cause: 'interrupted' });
    expect(parseHistory(app.read('releases.jsonl'))).toMatchObject([{ run: 'run2', verdict: 'refused' }]);
    expect(app.journal('run3').map(({ step, detail }) => [step, detail])).toEqual([
      ['heal', 'an earlier run was interrupted'],
    ]);
  });

  it('ends in words when Docker does not come back', () => {
    const app = runnerApp(shell);
    open(app, 'switch');
    app.write('journals/run2.jsonl', '{"t":1,"step":"start-up","state":"begin","detail":""}\n');
    const { journal } = app.run('sleep() { :; }; timeout() { return 1; }; recover', { mode: 'recover', load: false });
    expect(said(journal)).toEqual(['Docker to answer']);
    expect(journal.at(-1)).toMatchObject({ end: 'unhealthy', cause: 'interrupted' });
    expect(journal.at(-1)?.reason).toMatch(/interrupted during start-up .*; Docker does not answer$/);
  });
});
