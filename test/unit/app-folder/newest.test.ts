import { describe, expect, it } from 'vitest';
import ANY from '../../../src/lib/app-folder/secrets/any.sh';
import NEWEST from '../../../src/lib/app-folder/secrets/newest.sh';
import { inEachVmShell } from '../../support/vm-shell.js';

describe('the versions of the secrets', () => {
  const newest = (...files: readonly string[]): readonly string[] =>
    inEachVmShell(
      {},
      `set -eu\n${NEWEST}${ANY}\nmkdir "$folder/s"; cd "$folder/s"\n${files.map((file) => `: >'${file}'`).join('\n')}
newest_secrets .; any_secrets . && echo some || echo none`,
    );

  it('are numbers, of which the highest is the newest', () => {
    expect(newest('9.env', '10.env', '2.env')).toEqual(['10', 'some']);
  });

  it('are none where there is no file of one', () => {
    expect(newest()).toEqual(['none']);
    expect(newest('key', '3.json')).toEqual(['none']);
    expect(newest('bound.env', '3.json')).toEqual(['some']);
    expect(newest('1.env.new')).toEqual(['some']);
  });

  it('are not what somebody else has put beside them', () => {
    expect(newest('1.env', '2x.env', '3.4.env', '7.env.new', '99999999999999999999999.env')).toEqual(['1', 'some']);
  });
});
