import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { ConnectedSession } from '../../../plugins/kit/src/ssh/session.js';
import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';

/** A channel as ssh2 makes one: the end repeats the status, which is undefined when none came. */
function channel(ends: (channel: EventEmitter) => void): ConnectedSession {
  const stream = Object.assign(new PassThrough(), { stderr: new PassThrough(), close: () => {} });
  const client = Object.assign(new EventEmitter(), {
    exec: (_line: string, _options: object, opened: (error: undefined, channel: object) => void) => {
      opened(undefined, stream);
      stream.push('all in one piece');
      stream.push(null);
      stream.stderr.push(null);
      ends(stream);
    },
  });
  return new ConnectedSession('deploy@vm:22', client as unknown as Client, () => {});
}

describe('a command over SSH', () => {
  it('has its status, however early that came', async () => {
    const session = channel((stream) => {
      stream.emit('exit', 3);
      stream.once('end', () => stream.emit('close', 3));
    });
    expect(await session.exec(['true'])).toMatchObject({ code: 3, signal: null, stdout: 'all in one piece' });
  });

  it('has the signal that ended it', async () => {
    const session = channel((stream) => stream.once('end', () => stream.emit('close', null, 'SIGKILL')));
    expect(await session.exec(['true'])).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('was cut off when no status came', async () => {
    const session = channel((stream) => stream.once('end', () => stream.emit('close')));
    await expect(session.exec(['true'])).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});
