/** Who uses zebu may sit at Windows or macOS: what runs on that side starts no shell, and knows how things are called there. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { annotationPlace } from '../../plugins/kit/src/actions.js';
import { opensshArgs } from '../../plugins/kit/src/ssh/openssh-args.js';
import { parseSshConfig } from '../../plugins/kit/src/ssh/target.js';
import { browserCommand } from '../../src/lib/app/open.js';
import { ROOT } from '../support/cli.js';

/** The lab is for Linux, and says so. */
const sources = globSync(['src/**/*.ts', 'plugins/*/src/**/*.ts', 'bin/*.js', 'examples/plugins/*/src/**/*.ts'], {
  cwd: ROOT,
  exclude: ['plugins/lab/**'],
}).map((file) => ({ file: file.replaceAll('\\', '/'), source: readFileSync(join(ROOT, file), 'utf8') }));

const onWindows = (): void => void vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
afterEach(() => void vi.restoreAllMocks());

describe('on the side of who types', () => {
  it('the programs that are started are there on every system, and a shell is none of them', () => {
    const started = sources.flatMap(({ file, source }) =>
      !/node:child_process/.test(source)
        ? []
        : [...source.matchAll(/(?<![#.])\b(?:spawn|spawnSync|execFile|execFileSync)\)?\(\s*('[^']*'|[\w.]+)/g)].map(
            ([, program = '']) => `${file} ${program}`,
          ),
    );
    expect(started.length).toBeGreaterThan(10);
    const named = started.filter((each) => each.endsWith("'")).map((each) => each.split(' ')[1]);
    expect(new Set(named)).toEqual(new Set(["'git'", "'npm'", "'ssh'"]));
    // What is chosen at run time: by the person, by the platform, or Node itself.
    expect(started.filter((each) => !each.endsWith("'")).toSorted()).toEqual([
      'bin/run.js newer',
      'examples/plugins/secrets-command/src/source.ts file',
      'plugins/kit/src/pager.ts program',
      'src/lib/app/open.ts program',
      'src/lib/complete/project-values.ts file',
      'src/lib/pull/host-keys.ts program',
      'src/lib/secrets/registries.ts program',
      'src/lib/update/index.ts process.execPath',
    ]);
    expect(sources.filter(({ source }) => /\bexec(?:Sync)?\(['"`]|shell: true/.test(source))).toEqual([]);
  });

  it('nothing needs a user id, a permission bit or a folder that only POSIX has', () => {
    const posixOnly =
      /\bprocess\.(?:getuid|geteuid|setuid|umask)\b|\bchmod(?:Sync)?\(|\bsymlink(?:Sync)?\(|join\('\/(?:tmp|var|usr|dev)/;
    expect(sources.filter(({ source }) => posixOnly.test(source)).map(({ file }) => file)).toEqual([]);
    // Where permissions are looked at, not on Windows, which has others.
    const bits = sources.filter(({ source }) => /& 0o\d/.test(source));
    expect(bits.length).toBeGreaterThan(0);
    for (const { file, source } of bits) {
      const lines = source.split('\n').filter((line) => /if .*& 0o\d/.test(line));
      for (const line of lines) expect(line, file).toContain(`process.platform !== 'win32'`);
    }
  });
});

describe('on Windows', () => {
  it('a path of known hosts is one word to ssh, blanks and backslashes or not', () => {
    const target = {
      host: 'vm',
      port: 22,
      user: 'deploy',
      knownHostsFile: 'C:\\Users\\Jo Doe\\zebu\\shop.known_hosts',
    };
    onWindows();
    expect(opensshArgs(target)).toContain('UserKnownHostsFile="C:/Users/Jo Doe/zebu/shop.known_hosts"');
  });

  it('ssh -G may end its lines in its own way', () => {
    expect(parseSshConfig('hostname pve\r\nport 22\r\n').get('hostname')).toEqual(['pve']);
  });

  it('an error is shown at its file, as GitHub calls it', () => {
    const place = (file: string): unknown =>
      annotationPlace({ GITHUB_WORKSPACE: 'D:\\a\\shop' }, 'D:\\a\\shop\\app', { file, line: 7 });
    expect(place('zebu.yml')).toEqual({ file: 'app/zebu.yml', line: 7 });
    expect(place('D:\\a\\shop\\zebu.yml')).toEqual({ file: 'zebu.yml', line: 7 });
    expect(place('C:\\else\\zebu.yml')).toEqual({ file: 'C:\\else\\zebu.yml', line: 7 });
  });
});

it.each([
  ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler']],
  ['darwin', {}, ['open']],
  ['linux', { DISPLAY: ':0' }, ['xdg-open']],
  ['linux', {}, undefined],
] as const)('a browser on %s with %j is started by %j', (platform, env: Record<string, string>, command) => {
  expect(browserCommand((name) => env[name], platform)).toEqual(command);
});
