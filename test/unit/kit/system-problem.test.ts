import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { toZebuError } from '../../../plugins/kit/src/envelope.js';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

it('names the place that this machine refuses, and why', () => {
  const error = toZebuError(thrownBy(() => readFileSync('/dev/null/file')));
  expect([error.code, error.exit, error.message, error.details]).toEqual([
    'FILE_REFUSED',
    6,
    '/dev/null/file: something on the way to it is no folder (open: ENOTDIR)',
    { path: '/dev/null/file' },
  ]);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  expect(toZebuError(full).message).toBe('A file of this machine: no space left on the disk (write: ENOSPC)');
});

it('leaves what may be our own mistake a defect', async () => {
  expect(toZebuError(thrownBy(() => readFileSync('/dev/null.none'))).code).toBe('BUG');
  const refused = await new Promise<Error>((resolve) => connect(1, '127.0.0.1').once('error', resolve));
  expect(toZebuError(refused).code).toBe('BUG');
});
