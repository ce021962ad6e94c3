/** Long output on a terminal is read in a pager, and whoever does not want that has it in one go. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, zebu } from '../../support/cli.js';
import { bareEnvironment, plain } from '../../support/modes.js';
import { CTRL_C, onTerminal, type Keys, type TerminalRun } from '../../support/terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-pager-'));
const bare = bareEnvironment();
const SMALL = { rows: 20, columns: 100 };
/** A pager that asks nothing, and leaves a mark on each line that goes through it. */
const MARKING = `sed 's/^/paged /'`;
/** What less shows when it waits for a key. */
const WAITING = '\n:';

beforeAll(() => writeFileSync(join(folder, 'zebu.yml'), 'app: {name: shop}\nproxmox: {host: pve.example}\n'));
afterAll(() => {
  bare.remove();
  rmSync(folder, { recursive: true, force: true });
});

const env = { ...bare.env, PAGER: undefined, LESS: undefined };
const run = (args: readonly string[], more: Record<string, string> = {}, keys: Keys = []): Promise<TerminalRun> =>
  onTerminal(args, { cwd: folder, env: { ...env, ...more }, size: SMALL, keys });

describe('output that is longer than the screen', () => {
  it('is read with less, which quits on q', async () => {
    const { code, screen } = await run(['config:show'], {}, [[WAITING, 'q']]);
    expect(code).toBe(0);
    expect(screen).toContain('app.name');
    // Nobody went further.
    expect(screen).not.toContain('deploy.keep');
  });

  it.each([
    ['what ZEBU_PAGER names', { ZEBU_PAGER: MARKING, PAGER: 'false' }],
    ['what PAGER names', { PAGER: MARKING }],
  ])('goes through %s, whole and in order', async (_, pager) => {
    const { code, screen } = await run(['config:show'], pager);
    const { stdout } = await zebu(['config:show'], { cwd: folder, env });
    expect(code).toBe(0);
    expect(plain(screen)).toBe(stdout.replaceAll(/^(?=.)/gm, 'paged '));
  });

  it.each([
    ['--no-pager', ['--no-pager'], {}],
    ['an empty ZEBU_PAGER', [], { ZEBU_PAGER: '', PAGER: MARKING }],
    ['cat', [], { ZEBU_PAGER: 'cat' }],
    ['CI', [], { CI: 'true' }],
    ['a terminal that cannot move its cursor', [], { TERM: 'dumb' }],
    ['--json', ['--json'], {}],
    ['--events', ['--events'], {}],
    ['a pager that there is not', [], { ZEBU_PAGER: 'no-such-pager' }],
  ])('comes in one go with %s', async (_, args, more) => {
    const { code, screen } = await run(['config:show', ...args], { ZEBU_PAGER: MARKING, ...more });
    expect(code).toBe(0);
    expect(screen).not.toContain('paged ');
    expect(screen).toContain('deploy.keep');
    expect(screen.includes('warning: There is no pager no-such-pager')).toBe(
      'ZEBU_PAGER' in more && more.ZEBU_PAGER === 'no-such-pager',
    );
  });

  it('comes in one go into a pipe', async () => {
    const { stdout } = await zebu(['config:show'], { cwd: folder, env: { ...env, ZEBU_PAGER: MARKING } });
    expect(stdout).not.toContain('paged ');
  });

  it('comes in one go where it is not longer', async () => {
    const options = { cwd: folder, env: { ...env, ZEBU_PAGER: MARKING }, size: { rows: 500, columns: 100 } };
    expect((await onTerminal(['config:show'], options)).screen).not.toContain('paged ');
    // Wrapped it is.
    const narrow = { ...options, size: { rows: 60, columns: 20 } };
    expect((await onTerminal(['config:show'], narrow)).screen).toContain('paged ');
  });

  it.each([[['vm', '--help']], [['help', 'vm']], [['app:logs', '--help']]])(
    'is paged for zebu %j too',
    async (args) => {
      expect(plain((await run(args, { ZEBU_PAGER: MARKING })).screen)).toContain('paged USAGE');
      // `help` is a command of its own, which has no flags of ours.
      const [more, pager] = args[0] === 'help' ? [[], ''] : [['--no-pager'], MARKING];
      const one = await run([...args, ...more], { ZEBU_PAGER: pager });
      expect(one).toMatchObject({ code: 0 });
      expect(one.screen).not.toContain('paged ');
      expect(one.screen).toContain('USAGE');
    },
  );
});

describe('a command with a pager in front', () => {
  const script = `${ROOT}test/support/long-output.ts`;
  const long = (then: string, keys: Keys): Promise<TerminalRun> =>
    onTerminal([then], { cwd: folder, env, size: SMALL, keys, script });
  const order = (screen: string, ...texts: readonly string[]): number[] => texts.map((text) => screen.indexOf(text));

  it('says on stderr what it has to say when the pager has ended', async () => {
    const { code, screen } = await long('end', [
      [WAITING, ' '],
      [WAITING, 'q'],
    ]);
    expect(code).toBe(0);
    const places = order(screen, 'line 30', 'warning: said meanwhile');
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('has its own exit status, and its error stays on the screen', async () => {
    const { code, screen } = await long('fail', [[WAITING, 'q']]);
    expect(code).toBe(8);
    expect(screen.trimEnd().endsWith('Error: It is not well')).toBe(true);
  });

  it('ends without an error when the reader leaves before the end', async () => {
    const { code, screen } = await long('flow', [[WAITING, 'q']]);
    expect(code).toBe(0);
    expect(screen).not.toMatch(/Error|EPIPE/);
  });

  it('leaves Ctrl-C to the pager once all is there', async () => {
    const { code, screen } = await long('end', [
      [WAITING, CTRL_C],
      [':', ' '],
      ['line 30', 'q'],
    ]);
    expect(code).toBe(0);
    expect(screen).not.toMatch(/Interrupted/i);
  });

  it('is interrupted by Ctrl-C before, and what there was can be read', async () => {
    const { code, screen } = await long('hang', [
      [WAITING, CTRL_C],
      [':', ' '],
      ['line 30', 'q'],
    ]);
    expect(code).toBe(130);
    expect(screen.trimEnd().endsWith('Error: Interrupted by SIGINT.')).toBe(true);
  });

  it('takes the terminal back on a second Ctrl-C when it cannot stop', async () => {
    const { code, screen } = await long('deaf', [
      [WAITING, CTRL_C],
      [':', CTRL_C],
    ]);
    expect(code).toBe(130);
    expect(screen).toContain('Error: Interrupted; it did not come to an end in time');
  });
});
