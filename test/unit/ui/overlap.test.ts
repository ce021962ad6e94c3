import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { overlapped } from '../../../src/lib/ui/overlap.js';
import { runSteps, type Step } from '../../../src/lib/ui/steps.js';
import { Capture } from '../../support/capture.js';

async function show(...steps: readonly Step[]): Promise<string> {
  const stderr = new Capture();
  const io = createConsole({ stdout: new Capture(), stderr, stdin: {}, env: {}, json: false, debug: false });
  await runSteps(io, new AbortController().signal, steps).catch((error: unknown) =>
    stderr.write(`${(error as Error).message}\n`),
  );
  return stderr.text.replaceAll(/\d+\.\d s/g, 'T');
}

describe('overlapped', () => {
  it('begins the second with the first, and shows it when its turn comes', async () => {
    const order: string[] = [];
    const [first, second] = overlapped(
      { title: 'Import', run: async () => void setTimeout(() => order.push('never waited for')) },
      {
        title: 'Close',
        run: async (report) => {
          order.push('closed');
          report.update('not shown');
          report.done('3 changes');
        },
      },
    );
    const between: Step = { title: 'Grow', run: async () => void order.push('grown') };
    expect(await show(first, between, second)).toBe(
      '- Import\n  ok (T)\n- Grow\n  ok (T)\n- Close\n  ok: 3 changes (T)\n',
    );
    expect(order.filter((each) => each !== 'never waited for')).toEqual(['closed', 'grown']);
  });

  it('tells what the second throws in its own turn', async () => {
    const [first, second] = overlapped(
      { title: 'Import', run: async () => {} },
      { title: 'Close', run: () => Promise.reject(new Error('not allowed')) },
    );
    expect(await show(first, second)).toBe('- Import\n  ok (T)\n- Close\n  failed after T\nnot allowed\n');
  });

  it('leaves nothing going on behind a first one that fails', async () => {
    let going = true;
    const [first] = overlapped(
      { title: 'Import', run: () => Promise.reject(new Error('no space')) },
      {
        title: 'Close',
        run: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          going = false;
        },
      },
    );
    expect(await show(first)).toBe('- Import\n  failed after T\nno space\n');
    expect(going).toBe(false);
  });
});
