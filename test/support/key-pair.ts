import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key of OpenSSH: of those that ssh2 makes one in some two hundred cannot be read again, by ssh2 itself. */
export function makeKeyPair(): { readonly private: string; readonly public: string } {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-key-'));
  const file = join(folder, 'key');
  try {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'zebu-test', '-f', file]);
    return { private: readFileSync(file, 'utf8'), public: readFileSync(`${file}.pub`, 'utf8').trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
