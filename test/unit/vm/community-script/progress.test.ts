import { describe, expect, it } from 'vitest';
import { ScriptOutput } from '../../../../src/lib/vm/provision/community-script/progress.js';

const all = (...chunks: readonly string[]) => {
  const output = new ScriptOutput();
  return [...chunks.flatMap((chunk) => output.take(chunk)), ...output.end()];
};

describe('the output of the community script', () => {
  it('is its marked lines, without colours and spinner frames', () => {
    expect(
      all(
        '\r\u001b[2K  ⠋   \u001b[33mResizing disk image\u001b[m',
        '\r\u001b[2K  ⠙   \u001b[33mResizing disk image\u001b[m',
        '\r\u001b[2K  ✔️   \u001b[1;92mResized disk image\u001b[m\r\n',
      ),
    ).toEqual([
      { kind: 'phase', text: 'Resizing disk image' },
      { kind: 'phase', text: 'Resizing disk image' },
      { kind: 'done', text: 'Resized disk image' },
    ]);
  });

  it('is put together when a line comes in pieces', () => {
    expect(all('  ✔️   Created VM', ' shell\n  ✖️   Unable to detect a valid storage location.\n')).toEqual([
      { kind: 'done', text: 'Created VM shell' },
      { kind: 'failed', text: 'Unable to detect a valid storage location.' },
    ]);
  });

  it('gives passwords away to nobody but the redactor', () => {
    expect(all('  \u001b[32mPassword: \u001b[4;92mab+cd/ef==\u001b[m\n')).toEqual([
      { kind: 'password', secret: 'ab+cd/ef==' },
    ]);
  });
});
