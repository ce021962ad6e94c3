import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { makeProject, type Project } from '../../support/project.js';

const CTRL_C = '\x03';

describe('the hidden prompt of secrets:set', { timeout: 120_000 }, () => {
  let project: Project;

  beforeAll(() => {
    project = makeProject({ lab: inject('lab'), app: 'prompted', config: { secrets: { API_TOKEN: {} } } });
  });
  afterAll(() => project.remove());

  /** Runs it on a terminal of its own, and types each answer once its question is there. */
  async function onTerminal(answers: readonly (readonly [question: string, typed: string])[]): Promise<{
    code: number | null;
    screen: string;
  }> {
    const line = `'${process.execPath}' '${ROOT}bin/run.js' secrets:set API_TOKEN`;
    const env = { ...process.env, ...project.env, TERM: 'xterm', CI: undefined, GITHUB_ACTIONS: undefined };
    const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: project.folder, env, timeout: 60_000 });
    const left = [...answers];
    let screen = '';
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      const [next] = left;
      const at = next === undefined ? -1 : screen.indexOf(next[0], seen);
      if (next === undefined || at === -1) return;
      seen = screen.length;
      left.shift();
      // The question is there before somebody listens.
      setTimeout(() => child.stdin.write(next[1]), 300);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, screen };
  }

  it('shows nothing of what is typed, and changes nothing when the two differ', async () => {
    const { code, screen } = await onTerminal([
      ['Value of API_TOKEN', 'typed-value-1\r'],
      ['Once more', 'typed-value-2\r'],
    ]);
    expect(screen).toContain('The two values differ; nothing was changed');
    expect(screen).not.toContain('typed');
    expect(code).toBe(2);
  });

  it('ends with one line on Ctrl-C', async () => {
    const { code, screen } = await onTerminal([['Value of API_TOKEN', `typed-value${CTRL_C}`]]);
    expect(screen).not.toMatch(/typed|readline|\n\s+at /);
    expect(screen).toMatch(/Interrupted/i);
    expect(code).toBe(130);
  });
});
