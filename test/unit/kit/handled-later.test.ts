import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { handledLater } from '../../../plugins/kit/src/handled-later.js';

describe('a promise that is awaited later', () => {
  it('rejects for who awaits it', async () => {
    const promise = Promise.reject(new Error('of its own'));
    expect(handledLater(promise)).toBe(promise);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(promise).rejects.toThrow('of its own');
  });

  it('does not end Node before that, as any other does', () => {
    const run = (mark: string): number | null =>
      spawnSync(process.execPath, [
        '-e',
        `const mark = ${mark}; const late = mark(Promise.reject(1)); setTimeout(() => late.catch(() => process.exit(7)), 5);`,
      ]).status;
    expect(run(handledLater.toString())).toBe(7);
    expect(run('(promise) => promise')).toBe(1);
  });
});
