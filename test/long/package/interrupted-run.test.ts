/** `npm test` that is cut short, as by Ctrl-C or a CI job that is cancelled: nothing of it stays behind. */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';

const scratch = mkdtempSync(join(tmpdir(), 'zebu-cut-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Command lines of what runs, of which `text` is a part. */
function running(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [line, env] = [
          readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
          readFileSync(`/proc/${pid}/environ`, 'utf8'),
        ];
        return `${line}${env}`.includes(text) && Number(pid) !== process.pid ? [line.replaceAll('\0', ' ')] : [];
      } catch {
        return [];
      }
    });
}

describe('a test run', { timeout: 300_000 }, () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'ended by %s leaves no lab, and says that not all was tested',
    async (signal) => {
      const args = [
        'scripts/run.mjs',
        'test',
        '--project',
        'integration',
        'test/integration/lifecycle/everyday.test.ts',
      ];
      const env = { ...process.env, TMPDIR: scratch, ZEBU_TEST_LAB: '', ZEBU_TEST_RUN: '' };
      const child = spawn(process.execPath, args, { cwd: ROOT, env });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => void (said += chunk.toString()));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      await expect
        .poll(() => globSync('zebu-test-*/*/state.json', { cwd: scratch }).length, { timeout: 60_000 })
        .toBe(1);
      expect(running(scratch).some((line) => line.includes('daemon.js'))).toBe(true);
      child.kill(signal);
      expect(await ended).toBe(1);
      expect(said).toMatch(
        new RegExp(`Interrupted \\(${signal}\\): not all was tested\\.\\n\\d+ passed, [1-9]\\d* failed\\n$`),
      );
      expect(running(scratch)).toEqual([]);
      expect(readdirSync(scratch).filter((name) => name.startsWith('zebu-test-'))).toEqual([]);
    },
  );
});
