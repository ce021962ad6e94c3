import { describe, expect, it } from 'vitest';
import { unportable } from '../../../scripts/portable.js';

const lines = (text: string, isAwk = false): readonly number[] => unportable(text, isAwk).map(({ line }) => line);

describe('what not every machine knows', () => {
  it.each([
    'each | grep -vxFf "$base/done" >"$work/left"',
    'grep -F -f names file',
    'at=$(date -d "$at" +%s)',
    'date +%s -d "$at"',
    'date -u --date "$at"',
    'df -Pm / | tail -n 1',
    'awk \'{ print strftime("%s") }\' file',
    "awk '/^[0-9a-f]{40}$/ { print }' file",
  ])('is found: %s', (line) => expect(lines(`:\n${line}\n`)).toEqual([2]));

  it.each([
    '# grep -f is told of here, and so is date -d',
    'grep -qxF -e "$sum  ./$3" "$work/sums" || rm -f "$3"',
    'grep -qE "^[0-9a-f]{40}$" file',
    'date -u -d "@$at" +%H; date -u +%s',
    'df -Pk "$base" | awk \'NR == 2 { print $4 }\'',
    'awk -v end="${name%.pem}" \'{ print end }\'',
  ])('is not seen in what each knows: %s', (line) => expect(lines(line)).toEqual([]));

  it('is found in awk by itself', () => {
    expect(lines('{ x = 1 }\n$0 ~ /^v[0-9]{1,3}$/ { print }\n', true)).toEqual([2]);
  });
});
