import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { RemoteProcess } from '@zebu/kit/ssh';
import { describe, expect, it } from 'vitest';
import { JournalStream } from '../../../src/lib/runs/journal-stream.js';

/** A process in the VM that prints this and ends. */
function printing(text: string): RemoteProcess {
  const stream = new PassThrough();
  const ended = finished(stream, { writable: false }).then(() => ({ code: 75, signal: null }));
  stream.end(text);
  return { stream, stderr: new PassThrough(), ended, close: () => {}, resize: () => {} };
}

describe('the journal of a run', () => {
  it('has what the script said that did not start it, also a line that is not ended', async () => {
    const journal = new JournalStream(printing('first\n{"who":"ann"}'));
    expect([await journal.peek(), journal.started, journal.preamble]).toEqual([
      undefined,
      false,
      'first\n{"who":"ann"}',
    ]);
  });

  it('has the events after the start, and no half of one', async () => {
    const journal = new JournalStream(
      printing('previous=releases/r1\nstarted\n{"step":"build","line":"one"}\n{"step":"bu'),
    );
    expect(await journal.peek()).toMatchObject({ kind: 'output', line: 'one' });
    journal.take();
    expect([await journal.peek(), journal.started, journal.preamble]).toEqual([
      undefined,
      true,
      'previous=releases/r1\n',
    ]);
  });
});
