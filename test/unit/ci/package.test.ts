import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { ciPackage, type PackageRequest } from '../../../src/lib/ci/package.js';
import { askRegistry } from '../../../src/lib/update/published.js';
import { repositoryOf } from '../../../src/lib/update/repository.js';

const top = mkdtempSync(join(tmpdir(), 'zebu-ci-package-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const bytes = gzipSync('a package');
mkdirSync(join(top, 'repository/app'), { recursive: true });
writeFileSync(join(top, 'repository/zebu.tgz'), bytes);
writeFileSync(join(top, 'outside.tgz'), bytes);
writeFileSync(join(top, 'repository/text.tgz'), 'text');

const REPOSITORY = 'git+https://git.example.org/zebu/zebu.git';
const request = (more: Partial<PackageRequest>): PackageRequest => ({
  given: undefined,
  cwd: join(top, 'repository/app'),
  top: join(top, 'repository'),
  version: '1.2.3',
  repository: REPOSITORY,
  ask: async () => undefined,
  ...more,
});

describe('what the workflow installs', () => {
  it('is a file of the repository, by its checksum', async () => {
    expect(await ciPackage(request({ given: '../zebu.tgz' }))).toEqual({
      file: 'zebu.tgz',
      sha512: createHash('sha512').update(bytes).digest('hex'),
      spec: '',
    });
  });

  it.each([
    ['../../outside.tgz', 'is not in this repository'],
    ['gone.tgz', 'cannot be read (ENOENT)'],
    ['../text.tgz', 'is no package'],
  ])('is refused as %s, in one line', async (given, said) => {
    await expect(ciPackage(request({ given }))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`--package ${given} ${said}`) as string,
    });
  });

  it('is the version of the registry where that is ours, held to what it was', async () => {
    const ask = async (): Promise<{ version: string; integrity: string }> => ({
      version: '1.2.3',
      integrity: `sha512-${Buffer.alloc(64, 7).toString('base64')}`,
    });
    expect(await ciPackage(request({ ask }))).toEqual({
      file: 'zebu-1.2.3.tgz',
      sha512: '07'.repeat(64),
      spec: 'zebu@1.2.3',
    });
    await expect(ciPackage(request({}))).rejects.toThrow(/The registry has no zebu@1\.2\.3 from/);
    await expect(ciPackage(request({ ask, repository: undefined }))).rejects.toMatchObject({
      message: 'What the workflow is to install is not known: this zebu was not published',
      hint: expect.stringContaining('npm run pack') as string,
    });
  });
});

describe('what a registry says', () => {
  const answer = (url: string): string =>
    JSON.stringify({ version: '2.0.0', 'repository.url': url, 'dist.integrity': 'sha512-x' });

  it.each(['https://git.example.org/zebu/zebu', 'git@git.example.org:zebu/zebu.git', REPOSITORY])(
    'counts where it is of the same repository: %s',
    async (url) => {
      expect(await askRegistry('zebu', REPOSITORY, async () => answer(url))).toEqual({
        version: '2.0.0',
        integrity: 'sha512-x',
      });
    },
  );

  it.each([
    ['another repository', async () => answer('https://git.example.org/other/zebu')],
    ['no repository', async () => '{"version":"2.0.0"}'],
    ['no JSON', async () => 'npm error'],
    ['no answer', () => Promise.reject(new Error('no network'))],
  ])('is nothing with %s', async (_, view) => {
    expect(await askRegistry('zebu', REPOSITORY, view)).toBeUndefined();
  });

  it('needs a repository to compare with', () => {
    expect(repositoryOf({})).toBeUndefined();
    expect(repositoryOf({ repository: '' })).toBeUndefined();
    expect(repositoryOf({ repository: { type: 'git', url: REPOSITORY } })).toBe(REPOSITORY);
  });
});
