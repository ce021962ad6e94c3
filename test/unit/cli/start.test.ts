/** A start loads of Node what it uses: each of these costs as much as some of zebu's own files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const zebu = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const NOT_AT_START = ['child_process', 'crypto', 'fs/promises', 'http', 'net', 'readline', 'stream', 'tls', 'tty'];
const TELL = `process.on('exit', () => {
  const loaded = process.moduleLoadList.filter((each) => each.startsWith('NativeModule ')).map((each) => each.slice(13));
  require('node:fs').writeFileSync('loaded.json', JSON.stringify(loaded));
});`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zebu-start-'));
  writeFileSync(join(folder, 'tell.cjs'), TELL);
  writeFileSync(join(folder, 'zebu.yml'), 'app: { name: shop }\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// `--version` prints by itself, before anything of zebu is loaded.
it.each(['--help', 'app:deploy --help', 'completion bash', '__complete app:', 'config:show', 'providers'])(
  'zebu %s loads nothing of what it has no use for',
  (line) => {
    const { status } = spawnSync(process.execPath, ['--require', './tell.cjs', zebu, ...line.split(' ')], {
      cwd: folder,
      env: { HOME: folder, PATH: process.env['PATH'] },
      stdio: 'ignore',
    });
    expect(status).toBe(0);
    const loaded = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8')) as readonly string[];
    expect(loaded.filter((each) => NOT_AT_START.includes(each))).toEqual([]);
  },
);
