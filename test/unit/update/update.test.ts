import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshLatest } from '../../../src/lib/update/ask.js';
import { tellOfUpdate, type UpdateRequest } from '../../../src/lib/update/index.js';
import { parseMemory } from '../../../src/lib/update/memory.js';
import { isNewer } from '../../../src/lib/update/version.js';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const HOUR = 3_600_000;

let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'zebu-update-'));
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const file = (): string => join(cacheDir, 'update.json');
const remember = (memory: object | string): void =>
  writeFileSync(file(), typeof memory === 'string' ? memory : JSON.stringify(memory));

/** @returns what was said, and whether the registry is asked */
async function end(over: Partial<UpdateRequest> = {}): Promise<{ said: string[]; asked: number }> {
  const said: string[] = [];
  let asked = 0;
  const io = { live: true, note: (line: string) => void said.push(line) };
  const ask = (): void => void asked++;
  await tellOfUpdate({
    io,
    env: {},
    cacheDir,
    version: '1.2.3',
    repository: 'https://example.org/zebu',
    now: NOW,
    ask,
    ...over,
  });
  return { said, asked };
}

describe('at the end of a command on a terminal', () => {
  it('nothing is known at first: it is asked for the next run', async () => {
    expect(await end()).toEqual({ said: [], asked: 1 });
    expect(await end({ now: NOW + HOUR })).toEqual({ said: [], asked: 0 });
    expect(await end({ now: NOW + 25 * HOUR })).toEqual({ said: [], asked: 1 });
  });

  it('a newer version is one line, once a day', async () => {
    remember({ checkedAt: NOW - HOUR, latest: '1.3.0' });
    const line = 'zebu 1.3.0 is out, this is 1.2.3: npm install --global --ignore-scripts zebu';
    expect(await end()).toEqual({ said: [line], asked: 0 });
    expect(await end({ now: NOW + HOUR })).toEqual({ said: [], asked: 0 });
    expect((await end({ now: NOW + 25 * HOUR })).said).toEqual([line]);
  });

  it('one that is not newer is not spoken of', async () => {
    for (const latest of ['1.2.3', '1.2.2', '0.9.9', '2.0.0-beta.1']) {
      remember({ checkedAt: NOW, latest });
      expect(await end()).toEqual({ said: [], asked: 0 });
    }
  });

  it('what was found out long ago is still true, and asked for again', async () => {
    remember({ checkedAt: NOW - 1000 * HOUR, shownAt: NOW - 1000 * HOUR, latest: '2.0.0' });
    expect(await end()).toMatchObject({ said: [expect.stringContaining('zebu 2.0.0 is out')], asked: 1 });
  });

  it('a clock that was set back silences nothing', async () => {
    remember({ checkedAt: NOW + 1000 * HOUR, shownAt: NOW + 1000 * HOUR, latest: '2.0.0' });
    expect(await end()).toMatchObject({ said: [expect.any(String)], asked: 1 });
  });

  it.each(['', '{"checkedAt":', '[]', 'null', '"x"', '{"checkedAt":"x","latest":7}', '{"latest":"\\u001b[31m9.9.9"}'])(
    'a memory that is broken counts as none: %j',
    async (text) => {
      remember(text);
      expect(await end()).toEqual({ said: [], asked: 1 });
      expect(parseMemory(readFileSync(file(), 'utf8'))).toEqual({ checkedAt: NOW, shownAt: 0, latest: undefined });
      expect(readdirSync(cacheDir)).toEqual(['update.json']);
    },
  );

  it('nothing happens where nobody watches, or nobody wants it', async () => {
    remember({ checkedAt: 0, latest: '9.0.0' });
    const silent = { said: [], asked: 0 };
    expect(await end({ io: { live: false, note: () => expect.unreachable() } })).toEqual(silent);
    expect(await end({ env: { NO_UPDATE_NOTIFIER: '1' } })).toEqual(silent);
    expect(await end({ env: { ZEBU_NO_UPDATE_NOTICE: 'true' } })).toEqual(silent);
    expect((await end({ env: { NO_UPDATE_NOTIFIER: '', ZEBU_NO_UPDATE_NOTICE: '0' } })).asked).toBe(1);
  });

  it('a cache folder that cannot be written is no failure, and asks nothing', async () => {
    writeFileSync(join(cacheDir, 'in-the-way'), '');
    expect(await end({ cacheDir: join(cacheDir, 'in-the-way') })).toEqual({ said: [], asked: 0 });
  });
});

describe('asking the registry', () => {
  it('leaves the answer for the next run, and what was known before where there is none', async () => {
    remember({ checkedAt: 1, shownAt: 2, latest: '1.0.0' });
    await refreshLatest(file(), '', async () => undefined);
    await refreshLatest(file(), '', () => Promise.reject(new Error('no network')));
    expect(parseMemory(readFileSync(file(), 'utf8'))).toEqual({ checkedAt: 1, shownAt: 2, latest: '1.0.0' });
    await refreshLatest(file(), '', async () => '1.4.0');
    expect(parseMemory(readFileSync(file(), 'utf8'))).toEqual({ checkedAt: 1, shownAt: 2, latest: '1.4.0' });
  });
});

describe('a version', () => {
  it.each([
    ['1.2.4', '1.2.3', true],
    ['1.10.0', '1.9.9', true],
    ['2.0.0', '1.99.99', true],
    ['1.2.3', '1.2.3-rc.1', true],
    ['1.2.3', '1.2.3', false],
    ['1.2.2', '1.2.3', false],
    ['2.0.0-rc.1', '1.2.3', false],
    ['1.2', '1.2.3', false],
    ['latest', '1.2.3', false],
  ])('%s is newer than %s: %s', (candidate, current, newer) => {
    expect(isNewer(candidate, current)).toBe(newer);
  });
});
