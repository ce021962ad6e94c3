import { describe, expect, it } from 'vitest';
import { answer, besideEngine } from '../../support/fake-engine.js';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const OK = {
  '/containers/a1/exec': answer('201 Created', { Id: 'abc123' }),
  '/exec/abc123/start': answer('200 OK', 'what it says'),
  '/exec/abc123/json': answer('200 OK', { ID: 'abc123', Running: false, ExitCode: 0, ProcessConfig: {} }),
};
const NS = 1e9;

// Real containers are asked by test/integration/app/verdict.test.ts.
describe.each(vmShells())('a health check through the socket of Docker, in $name', { timeout: 60_000 }, (shell) => {
  const asked = (answers: Readonly<Record<string, string>>, script: string): readonly string[] =>
    besideEngine(runnerApp(shell), answers, script);
  const check = (Healthcheck: unknown, more: object = {}): readonly string[] =>
    asked(
      {
        '/containers/a1/json': answer('200 OK', {
          Id: 'a',
          Config: { Labels: { Healthcheck: '{"Test":[' }, Healthcheck, ...more },
        }),
      },
      'if check_of a1; then echo "$allowed $every $early $starting"; printf "%s\\n" "$check"; else echo none; fi',
    );

  it.each<[string, object, readonly string[]]>([
    ['a command', { Test: ['CMD', 'wget', '-q', 'a b'] }, ['30 30000 0 0', '["wget","-q","a b"]']],
    [
      'a line of a shell',
      { Test: ['CMD-SHELL', 'a "b" \\ $c \'d\' é\n<&>'] },
      ['30 30000 0 0', JSON.stringify(['/bin/sh', '-c', 'a "b" \\ $c \'d\' é\n<&>'])],
    ],
    ['times', { Test: ['CMD', 'a'], Interval: 1.5 * NS, Timeout: 3 * NS }, ['3 1500 0 0', '["a"]']],
    ['a time below a second', { Test: ['CMD', 'a'], Timeout: 0.2 * NS }, ['1 30000 0 0', '["a"]']],
    [
      'another interval while it starts',
      { Test: ['CMD', 'a'], Interval: 10 * NS, StartPeriod: 60 * NS, StartInterval: 0.5 * NS },
      ['30 10000 500 60000', '["a"]'],
    ],
    ['none for a start of no time', { Test: ['CMD', 'a'], StartInterval: NS }, ['30 30000 0 0', '["a"]']],
    ['an engine that knows none', { Test: ['CMD', 'a'], StartPeriod: 60 * NS }, ['30 30000 0 0', '["a"]']],
  ])('is read: %s', (_, healthcheck, read) => {
    expect(check(healthcheck)).toEqual(read);
  });

  it('is none where there is none, nor where a shell of the image would run it', () => {
    for (const none of [undefined, null, {}, { Test: [] }, { Test: ['NONE'] }, { Test: null }])
      expect(check(none)).toEqual(['none']);
    expect(check({ Test: ['CMD-SHELL', 'a'] }, { Shell: ['/bin/bash', '-c'] })).toEqual(['none']);
    expect(check({ Test: ['CMD', 'a'] }, { Shell: ['/bin/bash', '-c'] })).toEqual(['30 30000 0 0', '["a"]']);
    const gone = { '/containers/a1/json': answer('404 Not Found', { message: 'No such container: a1' }) };
    expect(asked(gone, 'check_of a1 || echo none')).toEqual(['none']);
  });

  const ask = (answers: Readonly<Record<string, string>>): readonly string[] =>
    asked({ ...OK, ...answers }, `check='["a","b \\"c\\""]'; ask_once a1 1; echo $?`);

  it('is run by the same command, and is well when that ends with 0', () => {
    const lines = asked(OK, `check='["a","b \\"c\\""]'; ask_once a1 7; echo $?; cat "$base/engine/asked"`);
    expect(lines[0]).toBe('0');
    expect(lines.map((line) => line.trim()).filter((line) => /^(POST|GET|[{])/.test(line))).toEqual([
      'POST /containers/a1/exec HTTP/1.0',
      '{"Cmd":["a","b \\"c\\""],"AttachStdout":true,"AttachStderr":true}',
      'POST /exec/abc123/start HTTP/1.0',
      '{"Detach":false,"Tty":false}',
      'GET /exec/abc123/json HTTP/1.0',
    ]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['not well', { '/exec/abc123/json': answer('200 OK', { Running: false, ExitCode: 1 }) }, '1'],
    ['running still', { '/exec/abc123/json': answer('200 OK', { Running: true, ExitCode: null }) }, '1'],
    ['nothing that is understood', { '/exec/abc123/json': 'HTTP/1.0 500 Error\r\n\r\n' }, '1'],
    [
      'that it is paused',
      { '/containers/a1/exec': answer('409 Conflict', { message: 'container a1 is paused' }) },
      '1',
    ],
    ['that it is gone', { '/containers/a1/exec': answer('404 Not Found', { message: 'No such container: a1' }) }, '2'],
    [
      'that it does not run',
      { '/containers/a1/exec': answer('409 Conflict', { message: 'container a1 is not running' }) },
      '2',
    ],
    ['that it cannot be started', { '/exec/abc123/start': answer('409 Conflict', { message: 'x' }) }, '2'],
    ['nothing in time', { '/exec/abc123/start': 'silent' }, '2'],
  ])('is asked again, or not, where Docker says %s', (_, answers, code) => {
    expect(ask(answers)).toEqual([code]);
  });

  it('is asked again where there is no engine just now', () => {
    expect(runnerApp(shell).run(`engine_socket=$base/none check='["a"]'; ask_once a1 1; echo $?`).lines).toEqual(['1']);
  });
});
