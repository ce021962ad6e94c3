/** The recorded first hour, as far as it can be held to what is so today without playing it again. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { blocksOfPage, CAST, compared, decisionsIn, PAGE } from '../../support/first-hour/page.js';
import { startBlocks } from '../../support/first-hour/play.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = read(PAGE);
const blocks = blocksOfPage(page);
const commands = blocks.map(([first = '']) => first.replace(/^\$ /, ''));

/** Every text in the source as a pattern, of which what is filled in may be anything. */
function patterns(): readonly RegExp[] {
  const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const texts = read(file).matchAll(/'([^'\n\\]{3,})'|`([^`\n\\]{3,})`/g);
    return [...texts].flatMap(([, plain, template = '']) => {
      const parts = plain === undefined ? template.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/) : [plain];
      return parts.some((part) => /[A-Za-z]{2}/.test(part)) ? [new RegExp(`^${parts.map(escaped).join('.*')}$`)] : [];
    });
  });
}

describe('docs/first-hour.md', () => {
  it('has the commands of README, and no other', () => {
    expect(commands).toEqual(startBlocks().flat());
  });

  it('counts at most four commands and two decisions, as README says', () => {
    const decisions = blocks.flatMap(decisionsIn);
    expect(commands.length).toBeLessThanOrEqual(4);
    expect(decisions).toEqual(['--host pve', expect.stringMatching(/^Go on\? .*y$/)]);
    expect(page).toMatch(new RegExp(`\\| commands +\\| 9 +\\| ${commands.length} +\\|`));
    expect(page).toMatch(new RegExp(`\\| decisions +\\| 5 +\\| ${decisions.length} +\\|`));
    expect(read('README.md')).toContain('Four commands and two decisions (which host');
  });

  it('shows steps and questions that the code has today', () => {
    const known = patterns();
    const shown = blocks.flatMap(compared).flatMap((line) => /^✔ (.+?)(?: \[TIME\].*|\? .*)?$/.exec(line)?.[1] ?? []);
    expect(shown.length).toBeGreaterThan(15);
    // Behind the title may be what came of it.
    const titles = (line: string): readonly string[] =>
      line.split(': ').map((_, index, parts) => parts.slice(0, index + 1).join(': '));
    const isKnown = (line: string): boolean => titles(line).some((each) => known.some((pattern) => pattern.test(each)));
    expect(shown.filter((line) => !isKnown(line))).toEqual([]);
  });

  it('names nothing of the machine it was recorded on', () => {
    for (const text of [page, read(CAST)]) expect(text).not.toMatch(/\/(?:tmp|root|home|work)\/\w/);
  });

  it('has an asciicast beside it, of the same session', () => {
    const [header, ...events] = read(CAST)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(header).toMatchObject({ version: 2, width: 80 });
    const times = (events as [number, string, string][]).map(([at]) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const written = (events as [number, string, string][]).map(([, , text]) => text).join('');
    for (const command of commands) expect(written.replaceAll(/\r|\u001B\[\?2004[hl]/g, '')).toContain(`$ ${command}`);
  });
});
