import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scriptText } from '../../../scripts/script-text.js';
import { RUNNER } from '../../../src/lib/runner/index.js';

describe('the text of a script', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zebu-script-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('is the file without what its top says, and without words to the linter', () => {
    const path = write(
      'a.sh',
      '# shellcheck shell=sh\n# What it is.\n\n# Kept.\n  # shellcheck disable=SC2086 # why\n  f $a\n',
    );
    expect(scriptText(path)).toBe('\n# Kept.\n  f $a\n');
  });

  it('has another script where it says so, also first and within quotes', () => {
    write('b.awk', '# A function.\n\nfunction f() {}\n');
    const path = write('a.sh', "# Top.\n\n# include ./b.awk\nawk '\n# include ./b.awk\n  { f() }'\n");
    expect(scriptText(path)).toBe("\nfunction f() {}\n\nawk '\nfunction f() {}\n\n  { f() }'\n");
  });

  it('is refused without an empty line after its top, and with an include that is not there', () => {
    expect(() => scriptText(write('a.sh', '# Top.\nf\n'))).toThrow(/then comes an empty line/);
    expect(() => scriptText(write('a.sh', '# Top.\n\n# include ./none.sh\n'))).toThrow(/none\.sh/);
  });

  it('of the runner begins with the shell it is for, and has nothing left to be put in', () => {
    expect(RUNNER).toMatch(/^#!\/bin\/sh\n/);
    expect(RUNNER).not.toMatch(/^\s*# (?:include|shellcheck) /m);
  });
});
