import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inert, workflowCommand, writeReport } from '../../../plugins/kit/src/actions.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { printable } from '../../../plugins/kit/src/printable.js';
import { ZebuError } from '../../../plugins/kit/src/errors.js';
import { runSteps } from '../../../src/lib/ui/steps.js';
import { Capture } from '../../support/capture.js';

function consoleIn(
  env: Record<string, string>,
  events = false,
): { io: ReturnType<typeof createConsole>; err: () => string; out: () => string } {
  const [stdout, stderr] = [new Capture(), new Capture()];
  const io = createConsole({ stdout, stderr, stdin: {}, env, json: false, debug: false, events });
  return { io, err: () => stderr.text, out: () => stdout.text };
}

const ACTIONS = { GITHUB_ACTIONS: 'true', CI: 'true', GITHUB_WORKSPACE: '/w' };

describe('in GitHub Actions', () => {
  it('escapes what would end a workflow command or a property', () => {
    expect(workflowCommand('error', '50 %\nmore', { file: 'a,b:c.yml', line: 3, title: '' })).toBe(
      '::error file=a%2Cb%3Ac.yml,line=3::50 %25%0Amore\n',
    );
  });

  it('points at the file and line of an error, from the top of the repository', () => {
    const { io, err } = consoleIn(ACTIONS);
    io.error(
      new ZebuError('CONFIG_INVALID', 'zebu.yml:7: no', {
        hint: 'Do it.',
        details: { file: '/w/app/zebu.yml', line: 7 },
      }),
    );
    expect(err()).toBe('::error title=zebu%3A CONFIG_INVALID,file=app/zebu.yml,line=7::zebu.yml:7: no%0A-> Do it.\n');
  });

  it('folds each step, and says how it ended outside the fold', async () => {
    const { io, err } = consoleIn(ACTIONS);
    await runSteps(io, new AbortController().signal, [
      { title: 'Build', run: async (report) => report.output('::set-output name=x::y ##[add-path]/evil') },
    ]);
    const lines = err().split('\n');
    expect(lines[0]).toBe('::group::Build');
    expect(lines[3]).toBe('::endgroup::');
    expect(lines[4]).toMatch(/^ {2}ok/);
    expect(err()).not.toContain('##[');
  });

  it('does not let remote output be a command of the runner', () => {
    expect(inert(printable('  ::add-path::/evil'))).toBe('  :\u200B:add-path::/evil');
    const { io, err, out } = consoleIn(ACTIONS);
    io.note('::error::fake');
    io.out('::stop-commands::x');
    expect(err() + out()).not.toMatch(/^::/m);
  });

  it('writes warnings as annotations', () => {
    const { io, err } = consoleIn(ACTIONS);
    io.warn('two\nlines');
    expect(err()).toBe('::warning title=zebu::two%0Alines\n');
  });

  it('leaves outputs and a summary in the files of the step, in the form any value survives', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-actions-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const env = { GITHUB_OUTPUT: join(folder, 'out'), GITHUB_STEP_SUMMARY: join(folder, 'sum') };
    writeReport(env, { outputs: { url: 'a\nurl=evil' }, summary: 'S hush' }, (text) => text.replace('hush', '***'));
    expect(readFileSync(env.GITHUB_OUTPUT, 'utf8')).toMatch(/^url<<(zebu_\S+)\na\nurl=evil\n\1\n$/);
    expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toBe('S ***\n');
  });
});

describe('--events', () => {
  it('makes everything on stderr one JSON object a line, steps from beginning to end', async () => {
    const { io, err } = consoleIn({}, true);
    io.note('hello');
    const failing = runSteps(io, new AbortController().signal, [
      {
        title: 'One',
        run: async (report) => {
          report.update('for something');
          report.output('a line');
          report.done('fine');
        },
      },
      {
        title: 'Two',
        run: async () => {
          throw new ZebuError('VM_MISSING', 'no VM', { hint: 'Make one.' });
        },
      },
    ]);
    await expect(failing).rejects.toMatchObject({ code: 'VM_MISSING' });
    io.error(new ZebuError('VM_MISSING', 'no VM', { hint: 'Make one.' }));
    const events = err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const event of events) expect(event).toMatchObject({ schema: 1, time: expect.stringMatching(/Z$/) as string });
    expect(events.map(({ type, state, step, detail }) => [type, state, step, detail])).toEqual([
      ['note', undefined, undefined, undefined],
      ['step', 'begin', 1, undefined],
      ['step', 'wait', 1, 'for something'],
      ['step', 'output', 1, 'a line'],
      ['step', 'done', 1, 'fine'],
      ['step', 'begin', 2, undefined],
      ['step', 'failed', 2, undefined],
      ['error', undefined, undefined, undefined],
    ]);
    expect(events.at(-1)).toMatchObject({ code: 'VM_MISSING', exit: 6, message: 'no VM', hint: 'Make one.' });
  });
});
