/** Whatever may be asked on a terminal can be given without one: by a flag of the command, and by its variable. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import enquirer from 'enquirer';
import { describe, expect, it, vi } from 'vitest';
import { asker } from '../../../src/lib/ui/ask.js';
import { ROOT } from '../../support/cli.js';

const files = globSync(['src/**/*.ts', 'plugins/*/src/**/*.ts'], { cwd: ROOT }).map((file) => ({
  file: file.replaceAll('\\', '/'),
  source: readFileSync(join(ROOT, file), 'utf8'),
}));
const naming = (pattern: RegExp): string[] =>
  files.flatMap(({ file, source }) => (pattern.test(source) ? [file] : [])).toSorted();

interface Flag {
  readonly env?: string;
}
type Flags = Readonly<Record<string, Flag>>;

/** Each flag that a command's questions stand for, as its source hands it over. */
const points = files.flatMap(({ file, source }) =>
  [...source.matchAll(/\basker\(\s*[^,]+?,\s*(\w+)\.flags((?:,\s*'[\w-]+')+),?\s*\)/g)].flatMap(([, name, list = '']) =>
    [...list.matchAll(/'([\w-]+)'/g)].map(([, flag = '']) => ({ file, name, flag })),
  ),
);

describe('a question', () => {
  it('is asked in one place, through those who know what to give instead', () => {
    expect(naming(/from 'enquirer'|import\('enquirer'\)/)).toEqual(['src/lib/ui/prompt.ts']);
    expect(naming(/from '\.\/prompt\.js'|\/ui\/prompt\.js'/)).toEqual([
      'src/lib/ui/ask.ts',
      // A secret's value is no argument and no flag: without a terminal it is read from standard input.
      'src/lib/ui/hidden.ts',
    ]);
    expect(naming(/from 'node:readline(\/promises)?'/)).toEqual(['src/lib/ui/prompt.ts']);
  });

  it('comes from a command that says which of its flags it stands for', () => {
    expect(points.map(({ file }) => file)).toEqual(
      expect.arrayContaining(naming(/\basker\(/).filter((file) => file !== 'src/lib/ui/ask.ts')),
    );
    expect(new Set(points.map(({ flag }) => flag))).toEqual(new Set(['app', 'host', 'stack', 'write-back', 'yes']));
  });

  it.each(points)('of $file names --$flag and its variable where nobody can be asked', async ({ file, flag }) => {
    const { default: command } = (await import(pathToFileURL(join(ROOT, file)).href)) as { default: { flags: Flags } };
    const variable = command.flags[flag]?.env;
    expect(variable).toMatch(/^ZEBU_\w+$/);
    const prompt = vi.spyOn(enquirer, 'prompt');
    const unanswered = { code: 'NEEDS_CONFIRMATION', message: 'Nobody can be asked' } as const;
    const refused = asker({ interactive: false }, command.flags, flag).ask(flag, { message: 'Well?', unanswered });
    await expect(refused).rejects.toMatchObject({ ...unanswered, hint: `Give --${flag} (${variable}).` });
    expect(prompt).not.toHaveBeenCalled();
  });

  it('cannot stand for a flag without a variable', () => {
    expect(() => asker({ interactive: true }, { force: {} }, 'force')).toThrow('--force has no variable');
  });
});
