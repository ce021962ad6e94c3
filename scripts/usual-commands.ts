/**
 * Which functions the usual commands call, for compiled-early.ts: they are run as they were built, in a folder of their own, with a VM
 * that only answers (usual-vm.ts).
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Called } from './compiled-early.ts';
import { usualVm, type UsualVm } from './usual-vm.ts';

const USUAL: readonly (readonly string[])[] = [
  ['--help'],
  ['app:deploy', '--help'],
  ['__complete', 'app:'],
  ['config:show'],
  ['config:show', '--json'],
  ['providers'],
  ['app:status'],
  ['app:logs'],
  ['app:deploy', '--branch', 'main'],
];

/** Nothing of Proxmox listens there. */
const configuration = (port: number): string => `app: { name: usual }
proxmox: { host: 127.0.0.1, port: 1, transport: ssh }
vm: { ssh_port: ${port}, identity_file: ./id }
`;

/** Notes where a VM was found the last time. */
type Remember = (context: unknown, address: unknown) => Promise<void>;

/** A repository with a commit, and a VM that was found before. */
async function prepare(folder: string, vm: UsualVm, remember: Remember): Promise<void> {
  writeFileSync(join(folder, 'zebu.yml'), configuration(vm.port));
  writeFileSync(join(folder, 'compose.yml'), 'services: { web: { build: . } }\n');
  writeFileSync(join(folder, 'id'), vm.identity, { mode: 0o600 });
  const git = (...args: readonly string[]): void => {
    spawnSync('git', ['-C', folder, '-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
      env: environment(folder),
    });
  };
  git('init', '-q', '-b', 'main');
  git('add', 'zebu.yml', 'compose.yml');
  git('commit', '-q', '-m', 'one');
  await found(folder, vm, remember);
}

async function found(folder: string, vm: UsualVm, remember: Remember): Promise<void> {
  const context = {
    config: { app: { name: 'usual' }, proxmox: { transport: 'ssh', host: '127.0.0.1', port: 1 } },
    stateDir: join(folder, 'state'),
    io: { debug: () => {} },
  };
  const knownHostsFile = join(folder, 'known_hosts');
  await remember(context, { vmid: 100, node: 'pve', host: '127.0.0.1', hostKeys: [vm.hostKey], knownHostsFile });
}

const environment = (folder: string): NodeJS.ProcessEnv => ({
  HOME: folder,
  PATH: process.env['PATH'],
  // A machine where all commits are signed has no key for this one.
  GIT_CONFIG_NOSYSTEM: '1',
  ZEBU_STATE_DIR: join(folder, 'state'),
});

/** @returns why it did not do what it is run for, if so: then little of it was called */
async function runUsual(
  root: string,
  folder: string,
  args: readonly string[],
  coverage: string,
): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...args], {
    cwd: folder,
    env: { ...environment(folder), NODE_V8_COVERAGE: coverage },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 60_000,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return code === 0 ? undefined : `zebu ${args.join(' ')} ended with ${String(code)} (see usual-vm.ts): ${stderr}`;
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/**
 * @param root folder of the repository
 * @param remember see `Remember`
 * @returns for each file that was loaded, what was called of it
 */
export async function calledByUsual(root: string, remember: Remember): Promise<ReadonlyMap<string, Called>> {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-usual-'));
  const coverage = join(folder, 'coverage');
  const vm = await usualVm();
  try {
    mkdirSync(coverage);
    await prepare(folder, vm, remember);
    for (const args of USUAL) {
      // On a machine that others keep busy the VM may not answer in the time that one has that was found before, which is forgotten then.
      for (let tries = 1; ; tries++) {
        vm.expect(args[0] ?? '');
        const fault = await runUsual(root, folder, args, coverage);
        if (fault === undefined) break;
        if (tries === 3) throw new Error(fault);
        await found(folder, vm, remember);
      }
    }
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
    vm.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
