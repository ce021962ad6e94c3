/**
 * Which functions the usual commands call, for compiled-early.ts: they are run as they were built, in a folder of their own, without
 * anybody to talk to. What only an answer from a host calls is not among them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Called } from './compiled-early.ts';

const USUAL: readonly (readonly string[])[] = [
  ['--help'],
  ['app:deploy', '--help'],
  ['__complete', 'app:'],
  ['config:show'],
  ['config:show', '--json'],
  ['providers'],
  // Nothing listens there: all up to the first packet.
  ['app:status'],
];

const CONFIGURATION = `app: { name: usual }
proxmox: { host: 127.0.0.1, port: 1, transport: ssh }
`;

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** @param root folder of the repository @returns for each file that was loaded, what was called of it */
export function calledByUsual(root: string): ReadonlyMap<string, Called> {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-usual-'));
  const coverage = join(folder, 'coverage');
  try {
    mkdirSync(coverage);
    writeFileSync(join(folder, 'zebu.yml'), CONFIGURATION);
    for (const args of USUAL)
      spawnSync(process.execPath, [join(root, 'bin/run.js'), ...args], {
        cwd: folder,
        env: { HOME: folder, PATH: process.env['PATH'], NODE_V8_COVERAGE: coverage },
        stdio: 'ignore',
        timeout: 60_000,
      });
    const called = new Map<string, Set<string>>();
    for (const file of readdirSync(coverage)) {
      const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage;
      for (const { url, functions } of result) {
        if (!url.startsWith('file:')) continue;
        const path = fileURLToPath(url);
        const all = called.get(path) ?? new Set();
        called.set(path, all);
        for (const { ranges } of functions) {
          const [whole] = ranges;
          if (whole !== undefined && whole.count > 0) all.add(`${whole.startOffset}-${whole.endOffset}`);
        }
      }
    }
    return called;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
