import { readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answers, type RunnerApp, runnerApp, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const CONFIG = { services: { web: { build: { context: '/x' }, image: 'shop-web' } } };
const ID = `sha256:${'2'.repeat(64)}`;

/** What a preparation leaves nothing of. */
const LEFT = ['transaction', 'holder', 'releases.jsonl', 'events/events.jsonl'];
/** Those of them that are there, and say something. */
const left = (app: RunnerApp): readonly string[] => LEFT.filter((each) => app.has(each) && app.read(each) !== '');

const world = (app: RunnerApp): Answers => ({
  version: ':',
  'compose build': 'echo built',
  'compose config --format json': says(...app.config(CONFIG).split('\n')),
  'compose config --hash': says('web two'),
  'compose up': 'echo started',
  'ps -aq': 'echo id-web',
  'ps -q': ':',
  'ps -a --no-trunc*Mounts': says('own\tweb|two|x|1'),
  'ps --no-trunc': says('web id-web'),
  'inspect --format {{.ID}}|{{.RestartCount}}': ':',
  'inspect --format {{index*RestartPolicy': says(seen({ service: 'web', health: 'healthy' })),
  'inspect --format {{index*config-hash': says(`web\ttwo\t${ID}\t shop_default \tshop-web-1`),
  'image inspect --format {{.Id}}{{range': says(`${ID} shop-web:latest`),
  'image inspect --format {{.Id}}': says(ID),
  tag: ':',
  events: 'exec sleep 5',
  'volume ls': ':',
  'image prune': ':',
  'builder prune': ':',
});

describe.each(vmShells())('a rehearsal, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (): RunnerApp => {
    const app = runnerApp(shell);
    app.docker(world(app));
    app.program('sync', { '': ':' });
    symlinkSync('releases/r1', join(app.base, 'current'));
    app.write('releases/r1/verified', '');
    app.write('releases/r2/tree/compose.yml', 'services: {}\n');
    app.write('holder', '{"who":"ann"}');
    for (const each of ['pre-build', 'pre-deploy', 'post-deploy'])
      app.write(`releases/r2/tree/.zebu/hooks/${each}`, '#!/bin/sh\n', 0o755);
    return app;
  };
  const steps = (app: RunnerApp): readonly (string | undefined)[] =>
    app
      .journal()
      .filter(({ state }) => state === 'begin')
      .map(({ step, detail }) => (step === 'hook' ? detail : step));

  it('builds and pins in its first half, and ends before anything that runs is touched', () => {
    const app = setup();
    const { docker, code } = app.start('prepare');
    expect(code).toBe(0);
    expect(steps(app)).toEqual(['check', '.zebu/hooks/pre-build', 'build']);
    expect(app.journal().at(-1)).toMatchObject({ end: 'refused', cause: 'rehearsed' });
    expect(docker.filter((each) => /^compose (up|run)/.test(each))).toEqual([]);
    expect(app.read('releases/r2/images.yml')).toContain('zebu/shop-web:222222222222');
    expect(readlinkSync(join(app.base, 'current'))).toBe('releases/r1');
    expect(left(app)).toEqual([]);
  });

  it('is no deploy that failed where its first half fails: the journal says why, the history and the events have nothing', () => {
    const app = setup();
    app.docker({ ...world(app), 'compose build': 'echo no such base; exit 1' });
    expect(app.start('prepare').code).toBe(0);
    expect(app.journal().at(-1)).toMatchObject({ end: 'refused', step: 'build', cause: 'build-failed' });
    expect(left(app)).toEqual([]);
    // The same of a deploy is one.
    app.start('deploy', { run: 'run3' });
    expect(left(app)).toEqual(['releases.jsonl', 'events/events.jsonl']);
  });

  it('is no deploy that was cut off where its first half is killed', () => {
    const app = setup();
    const killed = app.run('phase prepare; begin build ""; kill -9 $$', { mode: 'prepare' });
    expect([killed.code, app.has('transaction')]).toEqual([null, true]);
    app.write('journals/run3.jsonl', '');
    const { lines } = app.run('if heal; then echo next; fi', { mode: 'prepare', runner: true, run: 'run3' });
    expect(lines).toEqual(['next']);
    expect(app.journal().at(-1)).toMatchObject({ end: 'refused', step: 'build', cause: 'interrupted' });
    expect(left(app)).toEqual([]);
  });

  it('has one end, also where it is killed just behind that', () => {
    const app = setup();
    app.run('close_transaction() { kill -9 $$; }; phase prepare; begin build ""; prepared', { mode: 'prepare' });
    expect(app.has('transaction')).toBe(true);
    app.run('recover', { mode: 'recover', load: false });
    expect(app.journal().flatMap(({ end, cause }) => (end === undefined ? [] : [[end, cause]]))).toEqual([
      ['refused', 'rehearsed'],
    ]);
    expect(left(app)).toEqual([]);
  });

  it('is a deploy without a build in its second half', () => {
    const app = setup();
    app.start('prepare');
    const { docker, code } = app.start('rehearse');
    expect(code).toBe(0);
    expect(docker.filter((each) => each.startsWith('compose build'))).toEqual([]);
    expect(docker).toContain('compose up -d --no-build --remove-orphans');
    const second = steps(app).slice(3);
    expect(second).toEqual([
      ...['check', '.zebu/hooks/pre-deploy', 'start-up', 'verify', 'in-force', 'commit'],
      ...['.zebu/hooks/post-deploy', 'prune'],
    ]);
    expect(app.journal().at(-1)).toMatchObject({ end: 'live' });
    expect(readlinkSync(join(app.base, 'current'))).toBe('releases/r2');
  });
});
