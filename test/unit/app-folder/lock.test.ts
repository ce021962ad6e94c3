import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockHeld, NameTaken, parseHolder, refusedBy } from '../../../src/lib/app-folder/lock.js';
import LOCK from '../../../src/lib/app-folder/lock.sh';
import { TAKEN_STATUS } from '../../../src/lib/app-folder/statuses.js';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { surveyScript } from '../../../src/lib/runs/programs/index.js';
import { sumOf } from '../../../src/lib/runs/programs/sums.js';
import { lockPart } from '../../../src/lib/runs/programs/start.js';
import { toReleaseId } from '../../../src/lib/app-folder/release-id.js';
import { parseOpen } from '../../../src/lib/app-folder/status.js';

/** All pauses are as long as the first. */
const hasty = (script: string): string => script.replaceAll('sleep .5', 'sleep .05');

describe('the lock', () => {
  let base: string;
  let others: ChildProcess[];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-lock-'));
    others = [];
    writeFileSync(join(base, 'holder'), '{"who":"ann"}');
    writeFileSync(join(base, 'runner'), '');
  });
  afterEach(() => {
    for (const other of others) other.kill();
    rmSync(base, { recursive: true });
  });

  async function run(script: string): Promise<readonly [number, string]> {
    const shell = spawn('sh', ['-c', script], { cwd: base, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    shell.stdout.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(shell, 'close')) as [number];
    return [code, said];
  }

  /** Somebody who has the lock until the end of the test, or as long as is said. */
  async function other(how: '-s' | '-x', seconds = 60): Promise<void> {
    const script = `exec 9>>lock; flock ${how} 9; echo had; exec sleep ${seconds}`;
    const shell = spawn('sh', ['-c', script], { cwd: base, stdio: ['ignore', 'pipe', 'inherit'] });
    others.push(shell);
    await once(shell.stdout, 'data');
  }

  const start = (over: string | null | undefined, lockWait = 0): string =>
    lockPart({
      layout: { ...appLayout('shop'), base },
      id: toReleaseId('20261126T120000Z-abcdef0'),
      run: toReleaseId('20261126T120000Z-abcdef0'),
      mode: 'deploy',
      holder: '{"who":"bob"}',
      lockWait,
      over,
      runner: { values: { runner_size: 0, runner_sum: sumOf('') } },
    });

  it('is refused while somebody holds it, with the note of that one', async () => {
    await other('-x');
    expect(await run(`${LOCK}take_lock 0; echo mine`)).toEqual([75, '{"who":"ann"}']);
  });

  it('is refused also where nobody leaves a note', async () => {
    rmSync(join(base, 'holder'));
    await other('-x');
    expect(await run(hasty(`set -eu\n${LOCK}take_lock 0; echo mine`))).toEqual([75, '']);
    expect(await run(`set -eu\n${`${LOCK}take_lock 1\n`}echo mine`)).toEqual([75, '']);
    expect(await run(hasty(`set -eu\n${surveyScript({ ...appLayout('shop'), base })}`))).toEqual([
      0,
      expect.stringMatching(/^holder=$/m),
    ]);
  }, 30_000);

  it('is refused with the note of who has just got it, before that is written', async () => {
    rmSync(join(base, 'holder'));
    await other('-x');
    const refused = run(`set -eu\n${LOCK}take_lock 0; echo mine`);
    const surveyed = run(surveyScript({ ...appLayout('shop'), base }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    writeFileSync(join(base, 'holder'), '{"who":"dora"}');
    expect(await refused).toEqual([75, '{"who":"dora"}']);
    expect((await surveyed)[1]).toContain('\nholder={"who":"dora"}\n');
  });

  it('is had, and not seen as held, once a run is over that has ended and still writes to a slow disk', async () => {
    // As take_back_note leaves it.
    writeFileSync(join(base, 'holder'), '');
    await other('-x', 3);
    const surveyed = run(`set -eu\n${surveyScript({ ...appLayout('shop'), base })}`);
    expect(await run(`set -eu\n${LOCK}take_lock 0; echo mine`)).toEqual([0, 'mine\n']);
    expect((await surveyed)[1]).not.toContain('holder=');
  }, 30_000);

  it('is had although somebody asks whether it is held', async () => {
    await other('-s', 0.3);
    expect(await run(`${LOCK}take_lock 0; echo mine`)).toEqual([0, 'mine\n']);
  });

  it('is refused when who asks goes on for ever', async () => {
    await other('-s');
    expect(await run(hasty(`${LOCK}take_lock 0; echo mine`))).toEqual([75, '{"who":"ann"}']);
  }, 30_000);

  it('is waited for', async () => {
    await other('-x', 0.3);
    expect(await run(`${`${LOCK}take_lock 30\n`}echo mine`)).toEqual([0, 'mine\n']);
  });

  it('of two that ask for it at once one has', async () => {
    const both = [1, 2].map(() => run(`${LOCK}take_lock 0; sleep 1`));
    expect((await Promise.all(both)).map(([code]) => code).toSorted()).toEqual([0, 75]);
  });

  it('refuses what was decided over another release than the live one', async () => {
    symlinkSync('releases/r2', join(base, 'current'));
    writeFileSync(join(base, 'held'), '{"who":"carl"}');
    expect(await run(start('r1'))).toEqual([76, '{"who":"carl"}']);
    expect(await run(start(null))).toEqual([76, '{"who":"carl"}']);
    expect(readFileSync(join(base, 'holder'), 'utf8')).toBe('{"who":"ann"}');
    expect(await run(start('r2'))).toEqual([0, '']);
    expect(readFileSync(join(base, 'holder'), 'utf8')).toBe('{"who":"bob"}');
  });

  it('refuses a name that there is, before anything is touched', async () => {
    mkdirSync(join(base, 'journals'));
    writeFileSync(join(base, 'journals/20261126T120000Z-abcdef0.jsonl'), '{}\n');
    expect(await run(start(undefined))).toEqual([TAKEN_STATUS, '']);
    rmSync(join(base, 'journals/20261126T120000Z-abcdef0.jsonl'));
    mkdirSync(join(base, 'releases/20261126T120000Z-abcdef0'), { recursive: true });
    expect(await run(start(undefined))).toEqual([TAKEN_STATUS, '']);
    expect(readFileSync(join(base, 'holder'), 'utf8')).toBe('{"who":"ann"}');
    expect(new NameTaken('r1')).toMatchObject({ code: 'LOCK_HELD', hint: expect.stringContaining('clock') as string });
  });

  it('refuses a first release that is not the first any more, and only that', async () => {
    expect(await run(start(null))).toEqual([0, '']);
    expect(await run(start('r1'))).toEqual([76, '']);
    expect(await run(start(undefined, 5))).toEqual([0, '']);
  });
});

describe('whoever holds the lock', () => {
  const note = { who: 'ann', from: 'laptop', since: '2026-11-24T05:00:00.000Z', ref: 'v2', id: 'r2', run: 'r2' };

  it('is named: who, from where, since when', () => {
    expect(lockHeld(JSON.stringify(note))).toMatchObject({
      code: 'LOCK_HELD',
      exit: 6,
      message: 'Another deploy is running: ann from laptop, since 2026-11-24T05:00:00.000Z (v2)',
      details: note,
    });
  });

  it('is known from the refusal', () => {
    expect(refusedBy(lockHeld(JSON.stringify(note)))).toEqual(note);
    expect(refusedBy(lockHeld(undefined))).toBeUndefined();
    expect(refusedBy(new Error('other'))).toBeUndefined();
  });

  it('is somebody when the note is cut off', () => {
    expect(parseHolder('{"who":"an')).toBeUndefined();
    expect(lockHeld(undefined).message).toBe('Another deploy is running: somebody');
  });
});

describe('a run that was left open', () => {
  it('says how far it was and what it goes back to', () => {
    expect(parseOpen('tx_phase=switch tx_mode=deploy tx_id=r2 tx_run=r2 tx_previous=r1 tx_started=5')).toEqual({
      release: 'r2',
      run: 'r2',
      phase: 'switch',
      previous: 'r1',
    });
    expect(parseOpen('tx_phase=prepare tx_mode=deploy tx_id=r1 tx_run=r1 tx_previous= tx_started=5')).toMatchObject({
      previous: null,
    });
    expect(parseOpen(undefined)).toBeNull();
  });
});
