import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';
import { CTRL_C, onTerminal, type Keys, type TerminalRun } from '../../support/terminal.js';

describe('the hidden prompt of secrets:set', { timeout: 120_000 }, () => {
  let project: Project;

  beforeAll(() => {
    project = makeProject({ lab: theLab(), app: 'prompted', config: { secrets: { API_TOKEN: {} } } });
  });
  afterAll(() => project.remove());

  const onTheTerminal = (keys: Keys): Promise<TerminalRun> =>
    onTerminal(['secrets:set', 'API_TOKEN'], { cwd: project.folder, env: project.env, keys });

  it('shows nothing of what is typed, and changes nothing when the two differ', async () => {
    const { code, screen } = await onTheTerminal([
      ['Value of API_TOKEN', 'typed-value-1\r'],
      ['Once more', 'typed-value-2\r'],
    ]);
    expect(screen).toContain('The two values differ; nothing was changed');
    expect(screen).not.toContain('typed');
    expect(code).toBe(2);
  });

  it('ends with one line on Ctrl-C', async () => {
    const { code, screen } = await onTheTerminal([['Value of API_TOKEN', `typed-value${CTRL_C}`]]);
    expect(screen).not.toMatch(/typed|readline|\n\s+at /);
    expect(screen).toMatch(/Interrupted/i);
    expect(code).toBe(130);
  });
});
