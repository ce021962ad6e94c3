import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/lib/config/load.js';

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'zebu-hostile-'))));
afterAll(() => rm(root, { recursive: true }));

async function load(
  bytes: Buffer | string,
  settings: readonly { text: string; flag: string }[] = [],
): Promise<LoadedConfig> {
  await writeFile(join(root, 'zebu.yml'), bytes);
  return loadConfig({ cwd: root, env: {}, settings, warn: () => {} });
}

const APP = 'app: {name: shop}\n';
const many = (count: number, each: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => each(at)).join('');
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...many(
    9,
    (at) =>
      `${String.fromCharCode(98 + at)}: &${String.fromCharCode(98 + at)} [${Array(9)
        .fill(`*${String.fromCharCode(97 + at)}`)
        .join(',')}]\n`,
  )
    .trimEnd()
    .split('\n'),
].join('\n');

describe('a zebu.yml that nobody meant to write', () => {
  it.each<[string, Buffer | string, RegExp]>([
    ['aliases of aliases', `${APP}${bomb}\n`, /^zebu\.yml:3:/],
    ['merges of merges', `${APP}x: &x {k: 1}\n${many(200, (at) => `m${at}: {<<: *x}\n`)}`, /^zebu\.yml:\d+/],
    ['a list in itself', `${APP}vm: &a [*a]\n`, /^zebu\.yml:2:/],
    ['a map in itself', `${APP}vm: &a\n  cores: *a\n`, /^zebu\.yml:3:/],
    ['an alias of nothing', `${APP}vm: *nothing\n`, /^zebu\.yml:2:/],
    ['__proto__', `${APP}__proto__:\n  vm: {cores: 99}\n`, /^zebu\.yml:2:1: `__proto__` cannot be a key/],
    ['__proto__ below', `${APP}vm:\n  __proto__: {cores: 99}\n`, /^zebu\.yml:3:3: `__proto__`/],
    ['constructor', `${APP}constructor: {prototype: {cores: 99}}\n`, /^zebu\.yml:2:1: `constructor`/],
    ['toString', `${APP}toString: {cores: 99}\n`, /^zebu\.yml:2: unknown key `toString`/],
    [
      'a key twice in a list',
      `${APP}deploy:\n  probes: [{tcp: "a:1", tcp: "b:2"}]\n`,
      /^zebu\.yml:3:\d+: Map keys must be unique/,
    ],
    ['10 MB', `${APP}# ${'x'.repeat(10 << 20)}\n`, /^zebu\.yml:2: the file is larger than 256 KiB/],
    ['100,000 keys', `${APP}${many(100_000, (at) => `k${at}: 1\n`)}`, /^zebu\.yml:\d{5}: the file is larger/],
    [
      '20,000 keys',
      `${APP}${many(20_000, (at) => `k${at}: 1\n`)}`,
      /^zebu\.yml:2: unknown key `k0`[\s\S]*\nand 19970 more$/,
    ],
    ['the same key 20,000 times', `${APP}${many(20_000, () => `k: 1\n`)}`, /^zebu\.yml:3:1: Map keys must be unique/],
    ['deep nesting', `${APP}vm: ${'['.repeat(20_000)}\n`, /^zebu\.yml:\d+:\d+: /],
    [
      'nesting that ends',
      `${APP}vm: ${'['.repeat(200)}${']'.repeat(200)}\n`,
      /^zebu\.yml:\d+:\d+: this cannot be read: nested too deep/,
    ],
    [
      'UTF-16',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(APP, 'utf16le')]),
      /^zebu\.yml:1: the file is in UTF-16/,
    ],
    [
      'UTF-16, big end first',
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(APP, 'utf16le').swap16()]),
      /^zebu\.yml:1: the file is in UTF-16/,
    ],
    ['UTF-16 without a mark', Buffer.from(APP, 'utf16le'), /^zebu\.yml:1: there is a NUL byte/],
    ['Latin-1', Buffer.from(`${APP}# fine\n# gr\u00fc\u00dfe\n`, 'latin1'), /^zebu\.yml:3: the line is not in UTF-8/],
    ['NUL', `${APP}# \0\n`, /^zebu\.yml:2: there is a NUL byte/],
    ['a tag that is code', `${APP}vm: !!js/function "x"\n`, /^zebu\.yml:2:/],
  ])('%s is refused with its line', async (_, text, message) => {
    const error = await load(text).then(
      () => expect.unreachable('should have been refused'),
      (thrown: Error & { code: string }) => thrown,
    );
    expect([error.message.slice(0, 200), error.code]).toEqual([
      expect.stringMatching(message instanceof RegExp ? /^zebu/ : ''),
      'CONFIG_INVALID',
    ]);
    expect(error.message).toMatch(message);
    expect(({} as { cores?: number }).cores).toBeUndefined();
  });

  it('may begin with a mark of its encoding, as Windows writes it', async () => {
    expect((await load(`\ufeff${APP}`)).config.app.name).toBe('shop');
  });

  it.each(['secrets={__proto__: {required: true}}', 'secrets=&a {X: *a}', 'secrets={X: &a [*a]}'])(
    '--set %s is refused',
    async (text) => {
      await expect(load(APP, [{ text, flag: '--set' }])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    },
  );

  it('takes in a thousand secrets as fast, by the number, as a hundred', async () => {
    const time = async (count: number): Promise<number> => {
      const text = `${APP}secrets:\n${many(count, (at) => `  S${at}: {}\n`)}`;
      const started = performance.now();
      await load(text);
      return performance.now() - started;
    };
    await time(100);
    const [few, more] = [await time(500), await time(5000)];
    // Ten times as many; a square would be a hundred times as long.
    expect(more / few).toBeLessThan(40);
  });
});
