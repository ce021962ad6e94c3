import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { runSteps } from '../../../src/lib/ui/steps.js';
import { Capture } from '../../support/capture.js';

function plainConsole() {
  const stdout = new Capture();
  const stderr = new Capture();
  return { io: createConsole({ stdout, stderr, stdin: {}, env: {}, json: false, debug: false }), stdout, stderr };
}

const never = new AbortController().signal;

describe('runSteps without a terminal', () => {
  it('prints plain lines on stderr and nothing on stdout', async () => {
    const { io, stdout, stderr } = plainConsole();
    await runSteps(io, never, [
      { title: 'Send', run: async (report) => report.output('12 objects') },
      { title: 'Build', run: async (report) => report.done('3 images') },
    ]);
    expect(stdout.text).toBe('');
    expect(stderr.text.replaceAll(/\(\d+\.\d s\)/g, '(T)')).toBe(
      '- Send\n  | 12 objects\n  ok (T)\n- Build\n  ok: 3 images (T)\n',
    );
  });

  it('stops at the step that fails, with its own error', async () => {
    const { io, stderr } = plainConsole();
    const broken = new Error('no');
    const ran: string[] = [];
    const steps = [
      { title: 'One', run: () => Promise.reject(broken) },
      { title: 'Two', run: async () => void ran.push('two') },
    ];
    await expect(runSteps(io, never, steps)).rejects.toBe(broken);
    expect(ran).toEqual([]);
    expect(stderr.text).toContain('failed after');
  });

  it('starts nothing once it was interrupted', async () => {
    const { io, stderr } = plainConsole();
    const abort = new AbortController();
    const stopped = new Error('stopped');
    abort.abort(stopped);
    await expect(runSteps(io, abort.signal, [{ title: 'One', run: async () => {} }])).rejects.toBe(stopped);
    expect(stderr.text).toBe('');
  });
});
