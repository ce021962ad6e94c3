import { expect, it } from 'vitest';
import { systemProblem } from '../../../plugins/kit/src/system-problem.js';

const refused = (code: string, path: string): Error =>
  Object.assign(new Error(`${code}: whatever, lstat '${path}'`), { code, path, syscall: 'lstat' });

it.each([
  ['EACCES', 'no permission'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['ELOOP', 'links lead in a circle'],
])('says in words what this machine refuses: %s', (code, words) => {
  expect(systemProblem(refused(code, '/x'))).toMatchObject({
    code: 'FILE_REFUSED',
    message: `/x: ${words} (lstat: ${code})`,
  });
});

it('shows of a path that is too long as much as a line bears', () => {
  expect(systemProblem(refused('ENAMETOOLONG', 'x'.repeat(5000)))?.message.length).toBeLessThan(260);
});

it('knows nothing of what may be our own mistake', () => {
  expect(systemProblem(refused('ENOENT', '/x'))).toBeUndefined();
  expect(systemProblem(new Error('whatever'))).toBeUndefined();
});
