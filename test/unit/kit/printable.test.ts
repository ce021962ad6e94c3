import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { ZebuError } from '../../../plugins/kit/src/errors.js';
import { jsonLine, printable, shown } from '../../../plugins/kit/src/printable.js';
import { Capture } from '../../support/capture.js';

/** What a terminal or a runner would obey, and what is left to read of it. */
const HOSTILE: readonly (readonly [name: string, text: string, left: string])[] = [
  ['a cursor that moves up', 'a\u001b[2A\u001b[2Kb', 'ab'],
  ['colours, concealed', '\u001b[8mx\u001b[38;5;1m', 'x'],
  ['the title of the window', '\u001b]0;evil\u0007t', 't'],
  ['the clipboard, ended by ST', '\u001b]52;c;ZXZpbA==\u001b\\t', 't'],
  ['a string that does not end', '\u001b]0;words stay\nnext', '0;words stay\nnext'],
  ['eight-bit CSI', '\u009b31mx', 'x'],
  ['eight-bit OSC and ST', '\u009d0;evil\u009ct', 't'],
  ['a device control string', '\u001bP1$r0m\u001b\\t', 't'],
  ['another character set', '\u001b(0x\u001b(B', 'x'],
  ['a reset', '\u001bcx', 'x'],
  ['backspaces and a bell', 'rm\u0008\u0008ls\u0007\u007f', 'rmls'],
  ['a line that is written over', 'safe\revil', 'safeevil'],
  ['text that runs backwards', 'a\u202eb\u2066c\u200fd', 'abcd'],
  ['line ends of other worlds', 'a\u0085b\u2028c\u2029d', 'a\nb\nc\nd'],
  ['an escape at the end', 'a\u001b', 'a'],
  ['tabs and lines', 'a\tb\nc ü 😀', 'a\tb\nc ü 😀'],
];

function consoleOn(env: Record<string, string>, settings: { json?: boolean; events?: boolean } = {}) {
  const [stdout, stderr] = [new Capture(), new Capture()];
  const { json = false, events = false } = settings;
  const io = createConsole({ stdout, stderr, stdin: {}, env, json, debug: true, events });
  return { io, both: () => stdout.text + stderr.text };
}

describe('printable', () => {
  it.each(HOSTILE)('takes out %s', (_, text, left) => {
    expect(printable(text)).toBe(left);
  });

  it('treats what stands between our own words', () => {
    expect(shown`\u001b[1m${'\u001b[2Jx'}\u001b[0m`).toBe('\u001b[1mx\u001b[0m');
  });
});

describe('jsonLine', () => {
  it.each(HOSTILE)('keeps %s as the value it is, spelled', (_, text) => {
    const line = jsonLine({ text });
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
    expect(JSON.parse(line)).toEqual({ text });
  });
});

describe('the console', () => {
  const all = HOSTILE.map(([, text]) => text).join('|');

  it.each([
    ['a terminal', {}],
    ['GitHub Actions', { GITHUB_ACTIONS: 'true' }],
  ])('lets nothing through to %s, whichever way it goes', async (_, env) => {
    const { io, both } = consoleOn(env);
    io.out(all);
    io.note(all);
    io.warn(all);
    io.debug(() => all);
    io.group(all);
    io.error(new ZebuError('PROXMOX_REFUSED', all, { hint: all }));
    io.exact(all);
    await io.flow([printable(all)]);
    await io.flow([{ line: all }]);
    if (env !== undefined && !('GITHUB_ACTIONS' in env)) expect(both()).toContain('evil');
    expect(both().replaceAll(all, '')).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/,
    );
  });

  it.each([
    '::error::x',
    '\u0085::error::x',
    'a\u2028::error::x',
    'a\r::error::x',
    '\u2003::error::x',
    '##[group]x',
    'a##[group]x',
  ])('makes no command of a runner of %j', async (text) => {
    const { io, both } = consoleOn({ GITHUB_ACTIONS: 'true' });
    io.out(text);
    io.note(text);
    await io.flow([printable(text)]);
    await io.flow([{ text }]);
    // As the runner splits and trims it.
    const lines = both()
      .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
      .map((line) => line.trim());
    expect(lines.filter((line) => line.startsWith('::') || line.includes('##['))).toEqual([]);
  });

  it('has the runner take no command between two lines with a word nobody knows', () => {
    const { io, both } = consoleOn({ GITHUB_ACTIONS: 'true' });
    const resume = io.stopCommands();
    const [, token] = /^::stop-commands::(\S{20,})\n$/.exec(both()) ?? [];
    resume();
    expect(both()).toBe(`::stop-commands::${token}\n\n::${token}::\n`);
    const elsewhere = consoleOn({});
    elsewhere.io.stopCommands()();
    expect(elsewhere.both()).toBe('');
  });
});

describe('a secret that is a word of JSON', () => {
  it.each(['false', 'true', 'null', 'ok', 'live', 'error', 'VM_MISSING', '"message":"', 'schema', '2026', '"}'])(
    '%s leaves it readable',
    async (value) => {
      const { io, both } = consoleOn({}, { events: true, json: true });
      io.mask(value);
      io.note(`it is ${value} and ok`);
      io.event({ type: 'step', state: 'begin', step: 1, title: 'One' });
      io.error(new ZebuError('VM_MISSING', `no ${value}`, { hint: 'x' }));
      await io.flow([{ ok: false, state: 'live', line: `it is ${value}.` }]);
      const lines = both()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines).toHaveLength(4);
      expect(lines[0]).toMatchObject({ ok: false, state: 'live' });
      if (value.length >= 4) expect(lines[0]?.['line']).toBe('it is [redacted].');
      expect(lines[2]).toMatchObject({ schema: 1, type: 'step', state: 'begin', title: 'One' });
      expect(lines[3]).toMatchObject({ type: 'error', code: 'VM_MISSING', exit: 6 });
    },
  );
});
