import { describe, expect, it } from 'vitest';
import { LogPainter, parseLogLine } from '../../../src/lib/app/log-lines.js';
import { logsScript, parseContainers, silentServices, toRegExp, toSince } from '../../../src/lib/app/logs.js';
import { toReleaseLine } from '../../../src/lib/app/release-output.js';

const containers = new Map([
  ['web-1', 'web'],
  ['web-2', 'web'],
  ['postgres', 'db'],
  ['api-1', 'api'],
]);

describe('a line of the log', () => {
  it('knows its service, its container and when it was printed', () => {
    expect(parseLogLine('web-2     | 2026-11-24T05:30:00.1Z GET / | 200', containers, true)).toEqual({
      service: 'web',
      container: 'web-2',
      time: '2026-11-24T05:30:00.1Z',
      line: 'GET / | 200',
    });
  });

  it('finds the service of a container with a name of its own, and of one started later', () => {
    expect(parseLogLine('postgres  | ready', containers, false)).toMatchObject({ service: 'db', line: 'ready' });
    expect(parseLogLine('my-app-7  | x', containers, false)).toMatchObject({
      service: 'my-app',
      container: 'my-app-7',
    });
  });

  it('keeps text without the prefix, such as an error of Docker', () => {
    expect(parseLogLine('no such thing | here', containers, false)).toMatchObject({
      service: '',
      line: 'no such thing | here',
    });
  });
});

describe('LogPainter', () => {
  it('names the container only where a service has several, and lines the text up', () => {
    const painter = new LogPainter(containers, false, undefined);
    const paint = (text: string): string => painter.paint(parseLogLine(text, containers, false));
    expect([paint('api-1 | x'), paint('web-1 | y'), paint('postgres | z')]).toEqual([
      'api   | x',
      'web-1 | y',
      'db    | z',
    ]);
  });

  it('gives each service a colour and marks what was searched for', () => {
    const painter = new LogPainter(new Map([['web-1', 'web']]), true, /o+/);
    expect(painter.paint({ service: 'web', container: 'web-1', time: null, line: 'foo bo' })).toBe(
      '\u001B[36mweb |\u001B[39m f\u001B[7moo\u001B[27m b\u001B[7mo\u001B[27m',
    );
  });
});

describe('logsScript', () => {
  const options = {
    services: [],
    follow: false,
    since: undefined,
    tail: undefined,
    timestamps: false,
    grep: undefined,
  };

  it('shows everything, but only the last lines before it follows', () => {
    expect(logsScript('shop', options)).toContain('set -- --no-color\n');
    expect(logsScript('shop', { ...options, follow: true })).toContain('set -- --follow --tail 100 --no-color\n');
    expect(logsScript('shop', { ...options, follow: true, since: '60s' })).toContain('--since 60s --no-color\n');
  });

  it('takes the project out of the names Docker gives', () => {
    expect([...parseContainers(['shop-web-1 web', 'postgres db'], 'shop')]).toEqual([
      ['web-1', 'web'],
      ['postgres', 'db'],
    ]);
  });
});

describe('a service whose log cannot be read', () => {
  const header = ['shop-web-1 web', 'shop-db-1 db', '= db none', '= db none', '= mail syslog'];

  it('is no container more, and is named with its driver, once', () => {
    expect([...parseContainers(header, 'shop').values()]).toEqual(['web', 'db']);
    expect(silentServices(header, [])).toEqual([
      'db has no log: its logging driver is none (`logging` in the Compose file)',
      'The log of mail is where its logging driver syslog sends it: Docker keeps no copy, as `cache-disabled` says',
    ]);
    expect(silentServices(header, ['web'])).toEqual([]);
  });
});

describe('--since and --grep', () => {
  it('takes durations with days, and moments', () => {
    expect([toSince('90s'), toSince('1h30m'), toSince('2d')]).toEqual(['90s', '5400s', '172800s']);
    expect(toSince('2026-11-24T05:00:00Z')).toBe('2026-11-24T05:00:00.000Z');
  });

  it.each(['yesterday', '10', '1x', '', '2026-13-45'])('refuses %j', (text) => {
    expect(() => toSince(text)).toThrow(/--since/);
  });

  it('refuses a broken expression as wrong usage', () => {
    expect(() => toRegExp('(', false)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(toRegExp('a', true).test('A')).toBe(true);
  });
});

describe('output of a release', () => {
  it('is what the journal holds, with how it ended', () => {
    expect(toReleaseLine('r', '{"step":"build","line":"#5 CACHED"}')).toEqual({
      release: 'r',
      step: 'build',
      line: '#5 CACHED',
    });
    expect(toReleaseLine('r', '{"t":1,"end":"restored","seconds":3,"reason":"web is unhealthy"}')).toMatchObject({
      step: 'end',
      line: 'restored: web is unhealthy',
    });
    expect(toReleaseLine('r', '{"step":"bu')).toBeUndefined();
  });
});
