import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

/** What every Debian and Ubuntu has, and the readlink of a busybox is without: `-m`. */
const COREUTILS = 'readlink() { /usr/bin/readlink "$@"; }\n';

// What is made of it is in mounts.test.ts.
describe.each(vmShells())('paths of the Compose files, in $name', { timeout: 60_000 }, (shell) => {
  it("are all that lie in the app's folder, whoever names them, as they are on the disk", () => {
    const app = runnerApp(shell);
    const tree = `${app.base}/releases/r2/tree`;
    const bind = (source: string, target: string, more: object = {}): object => ({
      type: 'bind',
      source,
      target,
      ...more,
    });
    app.write(
      'config',
      app.config({
        services: {
          web: {
            volumes: [
              bind(`${tree}/a b`, '/a'),
              bind(`${tree}/$$x"q`, '/q', { read_only: true }),
              bind('/etc', '/etc'),
              bind(`${app.base}/shared/mounts/x`, '/x'),
              bind(`${tree}/new\nline`, '/n'),
              bind(`${tree}/return\r`, '/r'),
              { type: 'volume', source: 'pg', target: '/pg' },
              { type: 'tmpfs', target: '/tmp' },
            ],
          },
        },
        volumes: {
          pg: { name: 'shop_pg', driver_opts: { type: 'none', o: 'rw,bind', device: `${tree}/pg` } },
          nfs: { name: 'shop_nfs', driver: 'local', driver_opts: { type: 'nfs', o: 'addr=h', device: `${tree}/nfs` } },
          far: { name: 'shop_far', driver_opts: { device: '/srv/far', o: 'bind' } },
        },
        configs: { page: { name: 'x', file: `${tree}/page` }, text: { content: tree } },
        secrets: { key: { name: 'y', file: '/etc/key' } },
      }),
    );
    const { lines } = app.run('path_uses <"$base/config" | tr "\\t" "|"');
    expect(lines.toSorted()).toEqual(
      [
        `bind|web|rw|${tree}/a b|/a`,
        `bind|web|ro|${tree}/$x"q|/q`,
        ...['bad|a mount of web', 'bad|a mount of web', 'mounted|web|rw|pg|/pg'],
        `volume|pg|shop_pg|${tree}/pg`,
        `option|nfs|device=${tree}/nfs`,
        `file|configs|page|${tree}/page`,
      ].toSorted(),
    );
  });

  it('are told by what is there: content, nothing but what keeps a folder, nothing; ours or not', () => {
    const app = runnerApp(shell);
    const tree = join(app.base, 'releases/r2/tree');
    app.write('releases/r2/tree/full/sub/-rf', 'x');
    app.write('releases/r2/tree/kept/.gitkeep', '');
    app.write('releases/r2/tree/ignored/.gitignore', '*\n');
    app.write('releases/r2/tree/zero', '');
    mkdirSync(join(tree, 'empty'));
    symlinkSync('full', join(tree, 'link'));
    symlinkSync('/etc', join(tree, 'out'));
    symlinkSync('../../..', join(tree, 'up'));
    app.write('shared/mounts/kept/data', 'x');
    app.write('shared/mounts/zero', '');
    const inTree = (name: string): string => `${tree}/${name}`;
    const paths = ['full', 'kept', 'ignored', 'zero', 'empty', 'no such', 'link', 'out', 'up'].map(inTree);
    app.write(
      'paths',
      [...paths, tree, `${app.base}/current/tree/full`, `${app.base}/shared/x`, `${app.base}/order`, '/srv']
        .map((each) => `${each}\n`)
        .join(''),
    );
    const { lines } = app.run(`${COREUTILS}path_facts <"$base/paths" | cut -f3- | tr "\\t" "|"`);
    expect(lines).toEqual([
      ...[
        'full|content|missing|none',
        'kept|hollow|data|own',
        'ignored|hollow|missing|none',
        'zero|empty|empty|own',
        'empty|hollow|missing|none',
      ],
      ...[
        'no such|missing|missing|none',
        'full|content|missing|none',
        '-|elsewhere|missing|own',
        '-|forbidden|missing|own',
      ],
      ...[
        '.|content|missing|own',
        'full|content|missing|none',
        '-|elsewhere|missing|own',
        '-|forbidden|missing|own',
        '-|elsewhere|missing|own',
      ],
    ]);
  });

  it('are one file of what they hold, so that a large folder costs no more than a small one', () => {
    const app = runnerApp(shell);
    for (const each of ['a', 'b', 'c']) app.write(`releases/r2/tree/full/${each}`, 'x');
    app.write('releases/r2/tree/full/.gitkeep', '');
    const { lines } = app.run(
      'one_file "$tree/full/" | wc -l; state_of "$tree/full"; kept_of "$tree/full"; state_of /dev/null; kept_of "$tree/none"',
    );
    expect(lines.map((each) => each.trim())).toEqual(['1', 'content', 'data', 'content', 'missing']);
  });
});
