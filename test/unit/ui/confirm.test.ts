import enquirer from 'enquirer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asker } from '../../../src/lib/ui/ask.js';
import { confirmByName } from '../../../src/lib/ui/confirm.js';

const ask = (interactive = true): Promise<true> =>
  confirmByName(asker({ interactive }, { yes: { env: 'ZEBU_YES' } }, 'yes'), 'This destroys all', 'shop');

describe('confirmByName', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('lets pass who typed the name', async () => {
    const prompt = vi.spyOn(enquirer, 'prompt').mockResolvedValue({ answer: ' shop ' });
    expect(await ask()).toBe(true);
    expect(prompt.mock.calls[0]?.[0]).toMatchObject({ message: 'This destroys all. Type shop to go on' });
  });

  it('ends with 2 for another name: what comes next in a script must not run', async () => {
    vi.spyOn(enquirer, 'prompt').mockResolvedValue({ answer: 'blog' });
    await expect(ask()).rejects.toMatchObject({
      code: 'NEEDS_CONFIRMATION',
      oclif: { exit: 2 },
      message: 'Nothing was changed: that was not shop',
    });
  });

  it('ends with 130 on Ctrl-C', async () => {
    vi.spyOn(enquirer, 'prompt').mockRejectedValue('');
    await expect(ask()).rejects.toMatchObject({ code: 'INTERRUPTED', oclif: { exit: 130 } });
  });

  it('asks nobody without a terminal', async () => {
    const prompt = vi.spyOn(enquirer, 'prompt');
    await expect(ask(false)).rejects.toMatchObject({ code: 'NEEDS_CONFIRMATION' });
    expect(prompt).not.toHaveBeenCalled();
  });
});
