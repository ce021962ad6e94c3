import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Project } from './project.js';
import type { Step } from './life.js';

export interface Taken {
  readonly step: Step;
  readonly ok: boolean;
  /** In words, when it is not. */
  readonly why?: string;
  readonly seconds: number;
  readonly exit: number | null;
  /** Its last lines. */
  readonly stderr: string;
}

const LIMIT_MS = 3_600_000;
/** As a person does who sees that the first one is being minded. */
const KILL_AFTER_MS = 600_000;

/** Runs the built zebu as a script would. @param signal ends it as Ctrl-C does */
export async function takeStep(root: string, project: Project, step: Step, signal: AbortSignal): Promise<Taken> {
  step.prepare?.();
  const started = performance.now();
  const end = step.argv.includes('--') ? step.argv.indexOf('--') : step.argv.length;
  const json = step.argv[0] === 'vm:exec' ? [] : ['--json'];
  const argv = [...step.argv.slice(0, end), ...json, ...step.argv.slice(end)];
  const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...argv], {
    cwd: project.folder,
    env: { ...process.env, CI: undefined, ...project.env, ZEBU_DEBUG: '1' },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    // Ctrl-C on this terminal is for the suite, which passes it on.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt, { once: true });
  const output = { stdout: '', stderr: '' };
  let interrupted = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
    if (interrupted || step.interruptAt?.test(output.stderr) !== true) return;
    interrupted = true;
    interrupt();
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  });
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  signal.removeEventListener('abort', interrupt);
  const why = wrong(step, exit, output);
  const seconds = (performance.now() - started) / 1000;
  const stderr = output.stderr.split('\n').slice(-60).join('\n');
  return { step, ok: why === undefined, ...(why === undefined ? {} : { why }), seconds, exit, stderr };
}

function wrong(
  step: Step,
  exit: number | null,
  { stdout, stderr }: { stdout: string; stderr: string },
): string | undefined {
  const right = step.exits ?? [0];
  if (exit === null || !right.includes(exit)) {
    const said = stdout.trim() === '' ? (stderr.trim().split('\n').at(-1) ?? '') : errorIn(stdout);
    return `exit status ${exit ?? 'none'} instead of ${right.join(' or ')}: ${said}`;
  }
  if (step.judge === undefined || exit !== 0) return undefined;
  const { result } = JSON.parse(stdout) as { result: never };
  return step.judge(result);
}

function errorIn(stdout: string): string {
  try {
    const { error } = JSON.parse(stdout) as { error?: { code: string; message: string } };
    return error === undefined ? '' : `${error.code}: ${error.message}`;
  } catch {
    return stdout.slice(0, 200);
  }
}
