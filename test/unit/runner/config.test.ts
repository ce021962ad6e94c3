import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerApp, says, type RunnerRun } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

/** As Go writes JSON: with what HTML does not like, and line ends of other scripts, escaped. */
const goJson = (value: unknown): string =>
  JSON.stringify(value, null, 2)
    .replaceAll(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`)
    .replaceAll('\u2028', '\\u2028');

describe.each(vmShells())('the configuration as Compose has it, in $name', { timeout: 60_000 }, (shell) => {
  it('is asked for once a run, with nothing on standard input, and is nothing when Compose fails half-way', () => {
    const app = runnerApp(shell);
    app.docker({ 'compose config': 'echo "{"; cat' });
    const once = app.run('read_config; read_config; cat "$work/config"');
    expect([once.docker, once.lines]).toEqual([['compose config --format json'], ['{']]);
    app.docker({ 'compose config': 'echo "{"; echo "no such file" >&2; exit 14' });
    const failed = app.run('read_config || { compose_said; ls "$work/config" 2>/dev/null || echo none; }');
    expect(failed.lines).toEqual(['no such file', 'none']);
  });

  it('is read line by line: what a name, a key and a value are, whatever is in them', () => {
    const app = runnerApp(shell);
    const text = goJson({
      name: 'shop',
      services: {
        web: {
          command: ['a": b', '{', '}'],
          labels: { 'services": ': 'x', volumes: '"depth": 2' },
          environment: { A: 'no "services": here' },
          image: 'x',
        },
      },
      volumes: { data: { name: 'shop_data' } },
    });
    app.docker({ 'compose config': says(...text.split('\n')) });
    const { lines } = app.run(`read_config
awk "$scan"' depth == 2 && key != "" { print "service " key } depth == 3 && key != "" { print "member " key }' "$work/config"
awk "$scan_all"' section == "volumes" && depth == 3 { print key "=" value(line) }' "$work/config"`);
    expect(lines).toEqual([
      ...['service web', 'member command', 'member labels', 'member environment', 'member image', 'name=shop_data'],
    ]);
  });

  it('has targets as they are written, which what is added has to be merged with', () => {
    const app = runnerApp(shell);
    const asked = (file: string, ...targets: readonly string[]): RunnerRun => {
      const rendered = (from: readonly string[]): string => {
        const volumes = from.map((target) => ({ type: 'bind', source: '/x', target, bind: {} }));
        const configs = [{ source: 'x', target: '/k/' }];
        return goJson({ name: 'shop', services: { db: { configs, volumes }, web: { volumes: volumes.toReversed() } } });
      };
      app.write('releases/r2/tree/compose.yml', file);
      const clean = targets.map((target) => posix.normalize(target).replace(/(.)\/$/, '$1'));
      app.docker({
        'compose config --no-normalize': says(...rendered(targets).split('\n')),
        'compose config': says(...rendered(clean).split('\n')),
      });
      return app.run(`read_config; sed -n 's/^ *"target": //p' "$work/config"`);
    };
    const written = ['/data/', '/a//b', '/c/./d/.', '/e', '/q\\"&$$x/'];
    const mounts = written.map((target) => goJson(target));
    for (const file of [
      '{ target: /data/ }',
      'target: "/a//b"',
      '"target": \'/x/\', a: b',
      'target: ${X}',
      'target: /x/ ',
    ]) {
      const { lines, docker } = asked(`services: { db: { volumes: [{ ${file} }] } }\n`, ...written);
      expect(docker).toHaveLength(2);
      expect(lines.map((line) => line.replace(/,$/, ''))).toEqual(['"/k/"', ...mounts, ...mounts.toReversed()]);
    }
    // Where nothing is written so it is not asked for.
    const { docker } = asked('services: { db: { volumes: [{ target: /data }, "./x:/y/"] } }\n', '/data');
    expect(docker).toEqual(['compose config --format json']);
  });

  it('has paths as they are on the disk: doubled dollars and escapes taken back, control characters still such', () => {
    const app = runnerApp(shell);
    const paths = [
      '/a b',
      '/$$HOME',
      '/q"q',
      '/back\\slash',
      '/<&>',
      '/tab\there',
      '/new\nline',
      '/return\rhere',
      '/bell\u0007',
    ];
    app.write('paths', goJson(paths));
    const { lines } = app.run(`awk "$scan_all"'
      { body = line; if (!sub(/^"/, "", body)) next; sub(/",?$/, "", body); body = text(body)
        print (body ~ /[\\001-\\037]/) ? "odd" : body }' "$base/paths"`);
    expect(lines).toEqual(['/a b', '/$HOME', '/q"q', '/back\\slash', '/<&>', 'odd', 'odd', 'odd', 'odd']);
  });
});
