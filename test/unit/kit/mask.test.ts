import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { Capture } from '../../support/capture.js';

function masked(env: Record<string, string>): { out: string; err: string } {
  const [stdout, stderr] = [new Capture(), new Capture()];
  const io = createConsole({ stdout, stderr, stdin: {}, env, json: true, debug: true });
  io.mask('first%line\nsecond line\nxy');
  io.note('second line');
  return { out: stdout.text, err: stderr.text };
}

describe('io.mask', () => {
  it('tells GitHub Actions to hide each line of the value, on stderr', () => {
    expect(masked({ GITHUB_ACTIONS: 'true' })).toEqual({
      out: '',
      err: '::add-mask::first%25line\n::add-mask::second line\n[redacted]\n',
    });
  });

  it('writes nothing elsewhere', () => {
    expect(masked({})).toEqual({ out: '', err: '[redacted]\n' });
  });
});
