import { describe, expect, it } from 'vitest';
import { consoleLines } from '../../../src/lib/vm/console.js';
import { guestArgv, guestStdin } from '../../../src/lib/vm/exec.js';

describe('a command for the guest agent', () => {
  it('keeps every word one word, behind a shell that only starts it', () => {
    expect(guestArgv(['echo', 'a b', '$HOME; rm -rf /'], false)).toEqual([
      ...['/bin/sh', '-c', 'exec "$@"', 'sh'],
      ...['echo', 'a b', '$HOME; rm -rf /'],
    ]);
  });

  it('gets text as it is, and bytes in base64', () => {
    expect(guestStdin(Buffer.from('plain\n'))).toEqual({ text: 'plain\n', encoded: false });
    expect(guestStdin(Buffer.from('ä'))).toEqual({ text: 'w6Q=', encoded: true });
    expect(guestStdin(Buffer.from([0]))).toMatchObject({ encoded: true });
  });

  it('takes at most 64 KiB as it travels', () => {
    expect(guestStdin(Buffer.alloc(65_536, 'a')).text).toHaveLength(65_536);
    expect(() => guestStdin(Buffer.alloc(65_537, 'a'))).toThrowError('65537 bytes; the guest agent takes 64 KiB');
    expect(() => guestStdin(Buffer.alloc(50_000, 0xff))).toThrowError('48 KiB');
  });
});

describe('what a serial port says', () => {
  it('becomes lines without control sequences, whatever the chunks', () => {
    const lines: string[] = [];
    const reader = consoleLines((line) => lines.push(line));
    for (const part of ['\u001B[0;32m[ OK ]\u001B[0m Sta', 'rted.\r\nhalf', ' 10%\rhalf 90%\r\n', 'login: '])
      reader.take(part);
    reader.end();
    expect(lines).toEqual(['[ OK ] Started.', 'half 90%', 'login: ']);
  });
});
