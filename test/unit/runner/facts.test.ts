import { describe, expect, it } from 'vitest';
import { runnerApp, type RunnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const SERVICES = {
  web: { build: { context: 'x', dockerfile: 'Dockerfile' }, restart: 'always' },
  db: { image: 'postgres:18' },
};

/** Release r1 judged by the long way, then r2 with what it says; prints of r2 what was taken over, and whether it has paths. */
function judged(app: RunnerApp, then = '', services: object = SERVICES): readonly string[] {
  const config = (id: string, of: object): string =>
    app.config({ services: of, volumes: { data: { name: `of-${app.base}/releases/${id}/`.slice(0, 3) } } });
  app.write('c1', config('r1', services));
  app.write('c2', config('r2', services));
  for (const id of ['r1', 'r2']) app.write(`releases/${id}/tree/compose.yml`, 'services: {}\n');
  return app.run(
    `judge() { id=$1 release=$base/releases/$1 tree=$base/releases/$1/tree; rm -f "$work"/config* "$work/built" "$work/pulled"; cp "$base/c\${1#r}" "$work/config"; check_config; }
judge r1 || echo "refused: $reason"
previous=r1
${then}
intents() { echo 'web long'; }
judge r2 || echo "refused: $reason"
recall_facts
[ -n "$pathless" ] && echo pathless
cat "$release/intents"`,
  ).lines;
}

describe.each(vmShells())('what follows from the configuration, in $name', { timeout: 60_000 }, (shell) => {
  it('is taken from the live release, where it was read in the same words', () => {
    const app = runnerApp(shell);
    expect(judged(app)).toEqual(['pathless', 'web stays', 'db plain']);
    for (const file of ['built', 'pulled', 'standing', 'facts'])
      expect(app.read(`releases/r2/${file}`), file).toBe(app.read(`releases/r1/${file}`));
    expect(app.read('releases/r2/built')).toBe('web shop-web web\n');
    expect(app.read('releases/r2/pulled')).toBe('db postgres:18 missing\n');
  });

  it.each([
    ['with another word', `sed 's/"always"/"no"/' "$base/c2" >"$base/c3"; mv "$base/c3" "$base/c2"`],
    ['by another runner', 'runner_is=other'],
    ['under another key', 'echo other >"$base/shared/secrets/key"'],
    ['before there was a release', 'previous='],
    ['where it was not noted', 'rm "$base/releases/r1/facts"'],
    ['where it was noted in part', 'rm "$base/releases/r1/built"'],
    ['by a rollback', 'mode=rollback'],
  ])('is found anew %s', (_, then) => {
    expect(judged(runnerApp(shell), then)).toEqual(['web long']);
  });

  it('has no paths only where no service mounts any, nor may one that has come', () => {
    const mounts = (app: RunnerApp): object => ({
      web: {
        ...SERVICES.web,
        volumes: [{ type: 'bind', source: `${app.base}/shared/elsewhere`, target: '/data' }],
      },
    });
    const outside = runnerApp(shell);
    expect(judged(outside, '', mounts(outside))).toEqual(['pathless', 'web stays']);
    const volume = { type: 'volume', source: 'data', target: '/data' };
    expect(judged(runnerApp(shell), '', { web: { ...SERVICES.web, volumes: [volume] } })).toEqual([
      'pathless',
      'web stays',
    ]);
    const inside = runnerApp(shell);
    const path = `${inside.base}/current/tree/compose.yml`;
    const bind = { type: 'bind', source: path, target: '/etc/compose.yml', read_only: true };
    expect(judged(inside, '', { web: { ...SERVICES.web, volumes: [bind] } })).toEqual(['web stays']);
    const profile = `echo 'services: { job: { profiles: [tools], volumes: [./data:/data] } }' >"$base/releases/r2/tree/compose.yml"
compose() { return 1; }`;
    expect(judged(runnerApp(shell), profile)).toEqual(['web stays', 'db plain']);
  });

  it('is still refused where it cannot be: what Docker has is asked again', () => {
    expect(judged(runnerApp(shell), `refuse_standing() { reason='a volume differs'; return 1; }`)).toEqual([
      'refused: a volume differs',
      'pathless',
      'web stays',
      'db plain',
    ]);
  });
});
