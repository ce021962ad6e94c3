import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { RUN_FOLDER } from './run-folder.js';
import { started } from './starter.js';

/** A shell of a VM, with the programs it finds first. */
export interface VmShell {
  readonly name: string;
  /** What stands before `-c`. */
  readonly argv: readonly string[];
  /** Goes before PATH; empty for nothing. */
  readonly path: string;
}

const BUSYBOX = process.env['ZEBU_TEST_BUSYBOX'] ?? '/bin/busybox';
const DASH: VmShell = { name: 'sh', argv: ['sh'], path: '' };

/** Why the busybox here is none to try with, in one line; undefined where it is. */
export function busyboxFault(): string | undefined {
  const hint = 'apt-get install busybox, or name one in ZEBU_TEST_BUSYBOX';
  const ash = (script: string): number | null =>
    spawnSync(BUSYBOX, ['ash', '-c', script], { env: { PATH: '/nonexistent' } }).status;
  if (ash('exit 3') !== 3) return `${BUSYBOX} is no busybox with a shell: ${hint}`;
  // Stand-ins of tests, and what only GNU has, would never be started.
  if (ash('exec true') === 0)
    return `The shell of ${BUSYBOX} starts its own programs before those of PATH, as that of busybox-static does: ${hint}`;
  return undefined;
}

/**
 * The shells that what runs in a VM is tried with: `sh`, which is dash on Debian, and that of busybox with its awk, sort, sed and
 * whatever else it has, the least of what there is. `ZEBU_TEST_BUSYBOX` names one; else it is the machine's.
 */
export function vmShells(): readonly VmShell[] {
  // A worker is killed rather than ended: what belongs to a run goes with it. Each file of a worker loads this anew, and finds it.
  const folder = join(RUN_FOLDER, `zebu-busybox-${process.pid}`);
  if (!existsSync(folder)) {
    mkdirSync(folder);
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    if (spawnSync(BUSYBOX, ['--install', '-s', folder]).status !== 0) throw new Error(busyboxFault());
  }
  return [DASH, { name: 'busybox', argv: [BUSYBOX, 'ash'], path: folder }];
}

/** The same with the programs that every Debian has, for what needs more than busybox can: GNU's tar, which alone sorts. */
export const gnuShells = (): readonly VmShell[] => [DASH, { name: 'ash', argv: [BUSYBOX, 'ash'], path: '' }];

/**
 * Of many cases that take the same way through a script, with other data: all in the first shell, and each third in another, which takes
 * as long again and finds in the rest what it finds in these.
 */
export const someIn = <T>({ name }: VmShell, cases: readonly T[]): readonly T[] =>
  name === DASH.name ? cases : cases.filter((_, index) => index % 3 === 0);

let shells: readonly VmShell[] | undefined;

/** The shells of a VM, made once. */
export const allShells = (): readonly VmShell[] => (shells ??= vmShells());

/** What is the same in every shell of a VM. */
export function inEachShell<T>(run: (shell: VmShell) => T): T {
  const [first, ...others] = allShells().map((shell) => ({ shell: shell.name, result: run(shell) }));
  if (first === undefined) throw new Error('there is a shell');
  for (const other of others) expect(other).toEqual({ ...first, shell: other.shell });
  return first.result;
}

export interface ShellRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runIn(
  { argv: [program = 'sh', ...before], path }: VmShell,
  script: string,
  {
    env = {},
    cwd,
    args = [],
    input = '',
  }: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly args?: readonly string[];
    readonly input?: string;
  } = {},
): ShellRun {
  const search = [env['PATH'] ?? '', path, process.env['PATH'] ?? ''].filter((each) => each !== '').join(':');
  const { status, stdout, stderr } = started(program, [...before, '-c', script, 'sh', ...args], {
    cwd,
    input,
    env: { ...process.env, ...env, PATH: search },
  });
  return { code: status, stdout, stderr };
}

/** Puts programs into a folder that a VmShell can be given as its PATH. @param programs name → shell commands */
export function standIns(folder: string, programs: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, body] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
