import { describe, expect, it } from 'vitest';

import { mainArchive } from '../../../plugins/lab/src/image/apt-mirror.js';
import { cpio } from '../../../plugins/lab/src/image/cpio.js';
import { masterBootRecord } from '../../../plugins/lab/src/image/disk.js';
import { mmdebstrapArgv, recipeKey } from '../../../plugins/lab/src/image/recipe.js';

describe('the mirror of this machine', () => {
  it('is the main archive of a deb822 file, not the security one', () => {
    const text = [
      'Types: deb',
      'URIs: http://mirror.test/debian-security',
      'Suites: bookworm-security',
      '',
      'Types: deb',
      'URIs: http://mirror.test/debian/',
      'Suites: bookworm',
    ].join('\n');
    expect(mainArchive(text)).toBe('http://mirror.test/debian');
  });

  it('is read from a one-line file, options and comments notwithstanding', () => {
    const text =
      '# deb http://old.test/debian buster main\ndeb [arch=amd64 trusted=yes] https://mirror.test/debian bookworm main\n';
    expect(mainArchive(text)).toBe('https://mirror.test/debian');
  });

  it('is not a third-party archive', () => {
    expect(mainArchive('deb https://deb.nodesource.test/node_20.x nodistro main\n')).toBeUndefined();
  });
});

describe('the recipe', () => {
  it('names the same image for the same ingredients', async () => {
    expect(await recipeKey()).toBe(await recipeKey());
  });

  it('asks mmdebstrap for a tree of the guest release from the mirror', () => {
    const argv = mmdebstrapArgv('/tree', ['http://mirror.test/debian']);
    expect(argv.slice(-3)).toEqual(['trixie', '/tree', 'deb http://mirror.test/debian trixie main']);
  });
});

describe('a disk', () => {
  it('has one bootable Linux partition from the first mebibyte to the end', () => {
    const sector = masterBootRecord(4_194_304);
    expect(sector.readUInt8(446)).toBe(0x80);
    expect(sector.readUInt8(450)).toBe(0x83);
    expect(sector.readUInt32LE(454)).toBe(2048);
    expect(sector.readUInt32LE(458)).toBe(4_194_304 - 2048);
    expect(sector.subarray(510).toString('hex')).toBe('55aa');
  });
});

describe('an initrd', () => {
  it('is a cpio archive of aligned records with a trailer', () => {
    const archive = cpio([{ path: 'init', mode: 0o100755, data: Buffer.from('hello') }]);
    expect(archive.length % 4).toBe(0);
    expect(archive.subarray(0, 6).toString()).toBe('070701');
    expect(parseInt(archive.subarray(54, 62).toString(), 16)).toBe(5); // size of the file
    expect(archive.subarray(110, 115).toString()).toBe('init\0');
    expect(archive.toString('latin1')).toContain('TRAILER!!!');
  });
});
