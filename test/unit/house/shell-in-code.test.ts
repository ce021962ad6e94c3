import { describe, expect, it } from 'vitest';
import { shellInCode } from '../../../scripts/shell-in-code.js';

describe('shell in TypeScript', () => {
  it('is found where it has more than one line', () => {
    expect(shellInCode('const a = 1;\nconst b = sh`\ncd ${base}\nrm -rf x\n`;')).toEqual([{ line: 2, lines: 2 }]);
    expect(shellInCode('const b = `if [ -e x ]; then\n  rm x\nfi`;')).toHaveLength(1);
    expect(shellInCode('const b = String.raw`\nown() {\n  true\n}`;')).toHaveLength(1);
  });

  it('is none in a single command, and in a text of several lines', () => {
    expect(shellInCode('const a = sh`docker rm ${names} >/dev/null 2>&1`;')).toEqual([]);
    expect(shellInCode('const a = sh`\nset -- ${words}\n`;')).toEqual([]);
    expect(shellInCode('const a = `[Unit]\nDescription=x\n\n[Service]\n`;')).toEqual([]);
  });
});
