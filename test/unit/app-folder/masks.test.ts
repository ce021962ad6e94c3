import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import { MASK, Redactor } from '../../../plugins/kit/src/redact.js';
import { MASKS_PERL } from '../../../src/lib/app-folder/secrets/masks.js';
import { oddValue, remains, SPELLINGS } from '../../support/spellings.js';

/** The same matcher on both sides: what one takes out, the other does too. */
interface Matcher {
  readonly name: string;
  readonly clean: (values: readonly string[], text: string, spared?: readonly string[]) => string;
}

const folder = mkdtempSync(join(tmpdir(), 'zebu-masks-'));
afterAll(() => rmSync(folder, { recursive: true }));

function perl(text: string, args: readonly string[] = []): string {
  const { stdout, stderr, status } = spawnSync('perl', ['-e', MASKS_PERL, folder, ...args], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, LC_ALL: 'C' },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

const store = (values: readonly string[]): void =>
  writeFileSync(join(folder, '1.env'), values.map((value, at) => `${dotenvLine(`V${at}`, value)}\n`).join(''));

const MATCHERS: readonly Matcher[] = [
  {
    name: 'here',
    clean: (values, text, spared = []) => {
      const redactor = new Redactor();
      for (const value of values) redactor.add(value);
      redactor.spare(...spared);
      return redactor.clean(text);
    },
  },
  {
    name: 'in the VM',
    clean: (values, text, spared = []) => {
      store(values);
      return perl(text, spared);
    },
  },
];

describe.each(MATCHERS)('masks $name', ({ clean }) => {
  const value = oddValue();
  const other = `${oddValue()}\nsecond line of ${oddValue()}`;

  it('take out a value in every spelling, and nothing beside it', () => {
    const before = SPELLINGS.filter(({ spell }) => remains(spell(value), value)).map(({ name }) => name);
    // The search finds what it has to find.
    expect(before).toEqual(expect.arrayContaining(['raw', 'base64 at 1', 'hex', 'folded', 'cut off at the end']));
    const text = SPELLINGS.map(({ name, spell }) => `begin ${name}: ${spell(value)} :end\n`).join('\n');
    const cleaned = clean([value, other], text).split('begin ').slice(1);
    expect(cleaned).toHaveLength(SPELLINGS.length);
    for (const [at, part] of cleaned.entries()) {
      expect([
        SPELLINGS[at]?.name,
        part.startsWith(`${SPELLINGS[at]?.name}: `),
        part.endsWith(' :end\n\n') || part.endsWith(' :end\n'),
      ]).toEqual([SPELLINGS[at]?.name, true, true]);
      expect([SPELLINGS[at]?.name, part.includes(MASK)]).toEqual([SPELLINGS[at]?.name, true]);
      expect([SPELLINGS[at]?.name, remains(part, value)]).toEqual([SPELLINGS[at]?.name, false]);
    }
  });

  it('take out each line of a value with several', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'Ab3x'.repeat(4)}QrSt9876\n${'Zy1w'.repeat(5)}!?\n-----END PRIVATE KEY-----\n`;
    expect(clean([key], key)).toBe(`-----BEGIN PRIVATE KEY-----\n${MASK}\n${MASK}\n-----END PRIVATE KEY-----\n`);
    expect(clean([key], JSON.stringify(key))).not.toMatch(/QrSt|Zy1w/);
  });

  it.each([
    ['PORT is 8080, FLAG=false and db "plausible".', `PORT is ${MASK}, FLAG=${MASK} and db "${MASK}".`],
    ['plausible-server, my-plausible-site, /opt/plausible/x', 'plausible-server, my-plausible-site, /opt/plausible/x'],
    ['image ghcr.io/plausible:v2 at 10.0.0.1:8080/ id 80801', 'image ghcr.io/plausible:v2 at 10.0.0.1:8080/ id 80801'],
    ['{"PORT":8080,"ok":"falsehood"}', `{"PORT":${MASK},"ok":"falsehood"}`],
    ['postgres://app:hunter2@db/x, hunter2', `postgres://app:${MASK}@db/x, ${MASK}`],
    ['xhunter2x hunter23 hunter2-a', 'xhunter2x hunter23 hunter2-a'],
    ['aHVudGVyMg== and aHVudGVyMgo', `${MASK}== and aHVudGVyMgo`],
    ['ab is short', 'ab is short'],
  ])('leave a short or common value alone within a name: %s', (text, shown) => {
    expect(clean(['8080', 'false', 'plausible', 'hunter2', 'ab'], text)).toBe(shown);
  });

  it('leave names alone that are a value as well', () => {
    expect(clean(['plausible'], 'service plausible of plausible', ['plausible'])).toBe(
      'service plausible of plausible',
    );
  });

  it('take no scheme, no host of others and no margin for a piece of a value', () => {
    const values = [
      'https://analytics.example.com',
      'postgresql://app:Xy7-pQ9_zzk@db.internal/app',
      `{"a": 1,${' '.repeat(20)}"b": "Qw3rTy"}`,
    ];
    const text = `https://www.example.com postgresql://other@example.org ${' '.repeat(30)}|`;
    expect(clean(values, text)).toBe(text);
    expect(clean(values, `at ${values[0]}, or ${values[1]}`)).toBe(`at ${MASK}, or postgresql://${MASK}`);
  });

  it('change nothing where there is nothing, whatever bytes there are', () => {
    const text = `ü € \u{1f600} \\u00e4 %zz %41 &amp; &#; '' "" $$ ${'A'.repeat(40)} \\x4\n\r\n\n`;
    expect(clean([value], text)).toBe(text);
  });
});

describe('masks in the VM', () => {
  beforeAll(() => store(['Tr0ub4dor&3-horse', '8080']));

  it('hand on bytes that are no text', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const { stdout } = spawnSync('perl', ['-e', MASKS_PERL, folder], { input: bytes });
    expect(Buffer.compare(stdout, bytes)).toBe(0);
  });

  it('find what a line without an end, longer than what is held, is cut through', () => {
    const text = `${'.'.repeat((1 << 20) - 70)}${`Tr0ub4dor&3-horse `.repeat(10)}`;
    expect(perl(text)).not.toMatch(/Tr0ub4dor|horse/);
  });

  it('leave out, if asked to, what is only masked as a whole word', () => {
    expect(perl('8080 Tr0ub4dor&3-horse', ['--strong'])).toBe(`8080 ${MASK}`);
  });
});
