import { describe, expect, it } from 'vitest';
import { shellInCode } from '../../../scripts/shell-in-code.js';

describe('shell in TypeScript', () => {
  it('is found where it has more than one line', () => {
    expect(shellInCode('const a = 1;\nconst b = sh`\ncd ${base}\nrm -rf x\n`;')).toEqual([{ line: 2, lines: 2 }]);
    expect(shellInCode('const b = `if [ -e x ]; then\n  rm x\nfi`;')).toHaveLength(1);
    expect(shellInCode('const b = String.raw`\nown() {\n  true\n}`;')).toHaveLength(1);
  });

  it('is found in a template without a tag, whatever its lines begin with', () => {
    const look = 'echo "time=$(date +%s)"\ndocker version >/dev/null 2>&1; echo "docker_status=$?"';
    expect(shellInCode(`const LOOK = \`\n${look}\n\`;`)).toEqual([{ line: 1, lines: 2 }]);
    expect(shellInCode('const a = `view() {\\n${one}\\necho view=\\n}\\n` + sh`view`;')).toHaveLength(1);
    expect(shellInCode('const a = `${set}cd "$base" 2>/dev/null || exit 0\\n${PART}exit 0\\n`;')).toHaveLength(1);
  });

  it('is found in arrays of lines, joined there or elsewhere', () => {
    expect(
      shellInCode(`const a = ['work=$(mktemp -d) || exit 1', '"$@" >"$work/out"', 'exit $code'].join('\\n');`),
    ).toEqual([{ line: 1, lines: 3 }]);
    expect(
      shellInCode(`const steps = ['- run: |', '    if [ -z "$a" ]; then', '      exit 1', '    fi'];`),
    ).toHaveLength(1);
    expect(shellInCode(`const a = ['set -e', 'umask 077', sh\`mkdir -p \${folders}\`, ''].join('\\n');`)).toHaveLength(
      1,
    );
  });

  it('is found in a string that is a program, and in one line that is not made with the tag', () => {
    expect(shellInCode(`write('#!/bin/sh\\n# Safe to delete.\\nexit 101\\n');`)).toEqual([{ line: 1, lines: 1 }]);
    expect(shellInCode(`run(['sh', '-c', 'echo locked; exec cat >/dev/null']);`)).toEqual([{ line: 1, lines: 1 }]);
    expect(shellInCode(`const a = 'exec "$@"';`)).toHaveLength(1);
  });

  it('is none in a single command, alone or after what a program begins with', () => {
    expect(shellInCode('const a = sh`docker rm ${names} >/dev/null 2>&1`;')).toEqual([]);
    expect(shellInCode('const a = sh`\nset -- ${words}\n`;')).toEqual([]);
    expect(
      shellInCode("const a = ['#!/bin/sh\\n# Written by zebu.\\n', sh`set -- ${words}`, `\\n${PART}`].join('');"),
    ).toEqual([]);
  });

  it('is none in what people read, and in other languages', () => {
    expect(shellInCode('const a = `[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/sh ${file}\n`;')).toEqual([]);
    expect(shellInCode('const hint = `git init && git commit, then GH_TOKEN=$(gh auth token)`;')).toEqual([]);
    expect(shellInCode('const next = `Go on:\n\n  cd ${folder}\n  npx zebu app:status\n`;')).toEqual([]);
    expect(shellInCode(`const words = ['if', 'then', 'fi', 'for', 'do', 'done', 'case', 'esac'];`)).toEqual([]);
    expect(shellInCode(`const argv = ['sh', '-c', script, 'sh', ...words];`)).toEqual([]);
  });
});
