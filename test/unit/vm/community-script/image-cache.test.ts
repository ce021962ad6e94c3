import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecOptions, HostShell } from '@zebu/kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedImage, prepareImage } from '../../../../src/lib/vm/provision/community-script/image-cache.js';
import { silentIo } from '../../../support/slow-proxmox.js';

const IMAGE = 'the image';
const sumOf = (text: string): string => createHash('sha512').update(text).digest('hex');

let folder: string;
const bin = (): string => join(folder, 'bin');
const image = () => ({
  ...cachedImage('debian13', 'amd64'),
  file: join(folder, 'cache', 'debian-13-generic-amd64.qcow2'),
});

/** What the publisher serves; null where it cannot be reached. */
function publisher(sums: string | null, served: string | null = IMAGE, seconds = 0): void {
  const files = { sums: sums, image: served };
  for (const [name, text] of Object.entries(files)) if (text !== null) writeFileSync(join(folder, name), text);
  const curl = [
    '#!/bin/sh',
    'for each in "$@"; do',
    '  case $prev in -o) out=$each ;; esac',
    '  case $each in *SUMS) from=sums ;; *.qcow2) from=image ;; esac',
    '  prev=$each',
    'done',
    `[ -e ${folder}/$from ] || exit 7`,
    'case " $* " in *" -fsSLI "*) printf "HTTP/2 200\\r\\ncontent-length: 20\\r\\n"; exit ;; esac',
    `if [ -n "$out" ]; then cp ${folder}/$from "$out"; sleep ${seconds}; else cat ${folder}/$from; fi`,
  ];
  writeFileSync(join(bin(), 'curl'), `${curl.join('\n')}\n`, { mode: 0o755 });
}

/** The programs of a host, of which `qemu-img` finds everything sound but what is called half. */
const shell: Pick<HostShell, 'exec'> = {
  exec: async ([program = '', ...args]: readonly string[], { onStdout }: ExecOptions = {}) => {
    const env = { PATH: `${bin()}:${process.env['PATH'] ?? ''}` };
    const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    onStdout?.(stdout);
    return { code: status, signal: null, stdout: onStdout === undefined ? stdout : '', stderr };
  },
};

function prepare(allowUnverified = false): { readonly said: Promise<string>; readonly warnings: readonly string[] } {
  const io = silentIo();
  const options = { io, signal: new AbortController().signal, timeoutMs: 10_000, allowUnverified };
  return { said: prepareImage(shell as HostShell, image(), options), warnings: io.warnings };
}

const inCache = (text: string): void => writeFileSync(image().file, text);

describe('the image of the community script', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zebu-image-'));
    for (const each of ['bin', 'cache']) mkdirSync(join(folder, each));
    writeFileSync(join(bin(), 'qemu-img'), '#!/bin/sh\n! grep -q half "$3"\n', { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const listed = (sum: string): string =>
    `${sumOf('other')}  debian-13-genericcloud-amd64.qcow2\n${sum}  debian-13-generic-amd64.qcow2\n`;

  it('is downloaded and compared with what its publisher lists', async () => {
    publisher(listed(sumOf(IMAGE)));
    expect(await prepare().said).toBe('downloaded, sha512 as cloud.debian.org lists it');
    expect(readFileSync(image().file, 'utf8')).toBe(IMAGE);
    expect(await prepare().said).toMatch(/^present/);
  });

  it('says how much of it is there while it is downloaded', async () => {
    publisher(listed(sumOf(IMAGE)), IMAGE, 3);
    const seen: unknown[] = [];
    const options = { io: silentIo(), signal: new AbortController().signal, timeoutMs: 10_000, allowUnverified: false };
    await prepareImage(shell as HostShell, image(), { ...options, onBytes: (...each) => seen.push(each) });
    expect(seen).toEqual([[IMAGE.length, 20]]);
  });

  it('is refused where it is another one, with or without permission for what cannot be checked', async () => {
    publisher(listed(sumOf('another')));
    for (const allow of [false, true]) {
      await expect(prepare(allow).said).rejects.toMatchObject({ code: 'IMAGE_MISMATCH' });
      expect(existsSync(image().file)).toBe(false);
    }
  });

  it.each([
    ['its publisher does not answer', null, IMAGE, 'UNREACHABLE', /SHA512SUMS cannot be fetched by the host, so/],
    ['its publisher does not list it', `${sumOf('x')}  other.qcow2\n`, IMAGE, 'IMAGE_MISMATCH', /does not list/],
    ['it cannot be downloaded', listed(sumOf(IMAGE)), null, 'UNREACHABLE', /qcow2 cannot be fetched by the host/],
  ])('is refused, not warned about, where %s', async (_, sums, served, code, message) => {
    publisher(sums, served);
    await expect(prepare().said).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.any(String) as string,
    });
    // Whatever is in the cache: nobody knows how it got there.
    if (sums === null) {
      inCache('whole');
      await expect(prepare().said).rejects.toMatchObject({ code });
    }
  });

  it('is used all the same where the configuration says so, and that is said loudly', async () => {
    publisher(null);
    inCache('whole');
    const { said, warnings } = prepare(true);
    expect(await said).toBe('in the cache, not checked');
    expect(warnings).toEqual([
      expect.stringMatching(/^NOBODY HAS CHECKED THE IMAGE of this VM \(vm\.script\.allow_unverified_image\)/),
    ]);
  });

  it('is removed where it is damaged', async () => {
    publisher(null);
    inCache('half');
    const { said, warnings } = prepare(true);
    expect(await said).toBe('left to the script, not checked');
    expect(warnings[0]).toContain('was damaged');
    expect(existsSync(image().file)).toBe(false);
  });
});
