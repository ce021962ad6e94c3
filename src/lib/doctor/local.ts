import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail, ok, warn, type Check, type Finding } from './check.js';

const run = promisify(execFile);

/** The time limit of a check that only runs a program on this machine. */
const LOCAL_SECONDS = 10;

async function version(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: LOCAL_SECONDS * 1000 });
    return `${stdout}${stderr}`.trim().split('\n')[0];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function git(): Promise<Finding> {
  const found = await version('git', ['--version']);
  return found === undefined
    ? fail('GIT_MISSING', 'there is no git on this machine', 'Install git: app:deploy sends commits with it.')
    : ok(found.replace(/^git version /, ''));
}

async function ssh(): Promise<Finding> {
  const found = await version('ssh', ['-V']);
  return found === undefined
    ? warn(
        'there is no ssh on this machine',
        'Install the OpenSSH client: vm:ssh and aliases of ~/.ssh/config need it.',
      )
    : ok(found.split(',')[0] ?? found);
}

/** The oldest Node that zebu is tested with. */
const OLDEST: readonly [number, number] = [22, 13];

export function nodeFinding(text: string): Finding {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return old ? fail('CONFIG_INVALID', `Node ${text}`, `Use Node ${OLDEST.join('.')} or newer.`) : ok(`Node ${text}`);
}

export const localChecks: readonly Check[] = [
  { id: 'node', needs: [], run: async () => nodeFinding(process.versions.node) },
  { id: 'git', needs: [], seconds: LOCAL_SECONDS, run: git },
  { id: 'ssh', needs: [], seconds: LOCAL_SECONDS, run: ssh },
];
