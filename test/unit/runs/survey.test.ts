import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { RECOVER_FILE, UNIT_FILE } from '../../../src/lib/runs/programs/boot.js';
import { surveyScript } from '../../../src/lib/runs/programs/index.js';
import { sumOf } from '../../../src/lib/runs/programs/sums.js';
import { parseSurvey, surveyThenWait } from '../../../src/lib/runs/survey.js';
import { inEachVmShell } from '../../support/vm-shell.js';

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'zebu-survey-'))));
afterEach(() => rmSync(base, { recursive: true }));

it('tells digests of all that need not be sent again, and of the units beside them', () => {
  mkdirSync(join(base, 'units'));
  for (const [file, text] of Object.entries({
    runner: 'one',
    recover: 'two',
    'recover.service': 'three',
    [`units/zebu-watch@${base.split('/').at(-1) ?? ''}.service`]: '[Unit]\n',
    'units/watch': 'program\n',
  }))
    writeFileSync(join(base, file), text);
  const script = surveyScript({ ...appLayout('shop'), base })
    .replaceAll(UNIT_FILE, join(base, 'recover.service'))
    .replaceAll(RECOVER_FILE, join(base, 'recover'));
  const { sums, units } = parseSurvey(inEachVmShell({ flock: ':' }, script).join('\n'));
  expect([...sums]).toEqual([
    ['runner', sumOf('one')],
    [join(base, 'recover'), sumOf('two')],
    [join(base, 'recover.service'), sumOf('three')],
  ]);
  expect([...units]).toEqual([['watch', sumOf('[Unit]\nprogram\n')]]);
});

describe('a shell that is asked and waits', () => {
  const layout = appLayout('shop');

  /** A session whose one process is played by hand. */
  function played(signalOf: (signal: AbortSignal | undefined) => void = () => {}) {
    const [stdout, stdin, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const stream = Duplex.from({ readable: stdout, writable: stdin });
    const { promise: ended, resolve: end, reject: cut } = Promise.withResolvers<Awaited<RemoteProcess['ended']>>();
    const process: RemoteProcess = { stream, stderr, ended, close: () => {}, resize: () => {} };
    const session = {
      where: 'deploy@vm',
      stream: (_: unknown, { signal }: { signal?: AbortSignal } = {}) => {
        signalOf(signal);
        signal?.addEventListener('abort', () => cut(signal.reason));
        return Promise.resolve(process);
      },
    } as unknown as SshSession;
    const asked = surveyThenWait(session, layout, new AbortController().signal);
    return { asked, stdout, stdin, stderr, end, process };
  }

  it('tells what it found, however it is cut into pieces, and what it says next is read by whoever goes on', async () => {
    const { asked, stdout, process } = played();
    for (const piece of ['curr', 'ent=one\nholder=surveyed=7\nsur', 'veyed=', '0\nprevious=ö', 'ne\n']) {
      stdout.write(piece);
      await new Promise(setImmediate);
    }
    const { found, opened } = await asked;
    expect([found.current, found.holder]).toEqual(['one', 'surveyed=7']);
    expect(opened).toBe(process);
    let heard = '';
    opened.stream.setEncoding('utf8').on('data', (text: string) => (heard += text));
    stdout.write('started\n');
    await expect.poll(() => heard).toBe('previous=öne\nstarted\n');
  });

  it('has nothing to tell of an app that is not there', async () => {
    const { asked, stdout } = played();
    stdout.write('surveyed=0\n');
    await expect(asked).resolves.toMatchObject({ found: { haves: [], current: null } });
  });

  it('that could not be asked says why, and is not left waiting', async () => {
    const { asked, stdout, stdin, stderr, end } = played();
    stdin.resume().once('end', () => end({ code: 1, signal: null }));
    stderr.write('sh: 1: git: not found\n');
    stdout.write('surveyed=127\n');
    await expect(asked).rejects.toMatchObject({
      code: 'VM_NOT_READY',
      message: 'The VM could not be asked what it has: sh: 1: git: not found',
    });
  });

  it('that ends before it has told all could not be asked either', async () => {
    const { asked, stdout, stderr, end } = played();
    stderr.write('Killed\n');
    stdout.write('current=one\n');
    await new Promise(setImmediate);
    end({ code: 137, signal: null });
    await expect(asked).rejects.toMatchObject({
      code: 'VM_NOT_READY',
      message: expect.stringMatching(/: Killed$/) as string,
    });
  });

  it('is not waited for without end, and afterwards as long as it takes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { asked: silent } = played();
      const late = expect(silent).rejects.toMatchObject({ code: 'UNREACHABLE' });
      await vi.advanceTimersByTimeAsync(121_000);
      await late;
      let signal: AbortSignal | undefined;
      const { asked, stdout } = played((given) => (signal = given));
      stdout.write('surveyed=0\n');
      await asked;
      await vi.advanceTimersByTimeAsync(121_000);
      expect(signal?.aborted).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
