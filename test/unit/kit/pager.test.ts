import { describe, expect, it } from 'vitest';
import { pagerCommand, rowsOf } from '../../../plugins/kit/src/pager.js';

describe('the pager', () => {
  it.each([
    [{}, ['less']],
    [{ PAGER: 'most' }, ['most']],
    [{ PAGER: 'most', ZEBU_PAGER: 'less -S' }, ['less', '-S']],
    [{ PAGER: '"C:\\Program Files\\less.exe" -R' }, ['C:\\Program Files\\less.exe', '-R']],
    [{ PAGER: `sh -c 'col -b | less'` }, ['sh', '-c', 'col -b | less']],
    [{ PAGER: '' }, undefined],
    [{ PAGER: 'less', ZEBU_PAGER: ' ' }, undefined],
    [{ PAGER: 'cat' }, undefined],
  ])('of %j is %j', (env, command) => {
    expect(pagerCommand(env)).toEqual(command);
  });

  it('is for what does not fit the screen, with its long lines and without its colours', () => {
    expect(rowsOf('one\ntwo\n', 80)).toBe(2);
    expect(rowsOf('\n\n', 80)).toBe(2);
    expect(rowsOf('123456789\n', 3)).toBe(3);
    expect(rowsOf('\u001B[31m123\u001B[39m\n', 3)).toBe(1);
  });
});
