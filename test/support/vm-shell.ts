import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { allShells, inEachShell, runIn, type VmShell } from './shells.js';

const SH: VmShell = { name: 'sh', argv: ['sh'], path: '' };

/**
 * Runs a part of what runs in the VM, with stand-ins for the programs it starts.
 * @param programs name → shell commands; `$folder` is the folder of the stand-ins
 * @returns the lines it printed
 */
export function inVmShell(
  programs: Readonly<Record<string, string>>,
  script: string,
  shell: VmShell = SH,
): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-shell-'));
  try {
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const { stdout, stderr } = runIn(shell, script, { env: { folder, PATH: folder } });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same in every shell of a VM, which all print the same. */
export const inEachVmShell = (programs: Readonly<Record<string, string>>, script: string): readonly string[] =>
  inEachShell((shell) => inVmShell(programs, script, shell));

let turn = 0;

/** The same in one shell after the other, for tests that start many programs: between them they are in every one. */
export function inNextVmShell(programs: Readonly<Record<string, string>>, script: string): readonly string[] {
  const shells = allShells();
  return inVmShell(programs, script, shells[turn++ % shells.length]);
}
