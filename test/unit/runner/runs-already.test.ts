import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runnerApp, says, seen, type RunnerApp, type Seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const SERVICES = { web: { image: 'x' }, db: { image: 'y' } };
const WEB: Seen = { service: 'web', digest: 'web-hash', image: 'sha256:web' };
const DB: Seen = { service: 'db', digest: 'db-hash', image: 'sha256:db' };

/** Release r1 as it was found in force, then r2 told the same unless `told` changes it. */
function recalled(app: RunnerApp, script: string, told = '', mode = 'deploy'): readonly string[] {
  const config = (id: string): string =>
    app.config({ services: { web: { image: 'x', volumes: [`${app.base}/releases/${id}/tree/www`] } } });
  app.write('c1', config('r1'));
  app.write('c2', config('r2'));
  app.write('releases/r1/images.yml', 'services: {}\n');
  app.write('releases/r2/images.yml', 'services: {}\n');
  return app.run(
    `release=$base/releases/r1; cp "$base/c1" "$work/config"; sum_config; told_the_same none
printf '%s\\n' 'web web-hash' >"$work/hashes"; printf 'web\\t1\\t shop_default\\n' >"$work/expected"
note_told
release=$base/releases/r2; cp "$base/c2" "$work/config"; rm "$work/hashes" "$work/expected"
${told}
sum_config
if recall_hashes; then cat "$work/hashes" "$work/expected"; else echo no; fi
${script}`,
    { mode },
  ).lines;
}

describe.each(vmShells())('what Compose said of the same, in $name', { timeout: 60_000 }, (shell) => {
  it('is recalled where it is told the same, but for the folder of the release', () => {
    expect(recalled(runnerApp(shell), '')).toEqual(['web web-hash', 'web\t1\t shop_default']);
  });

  it.each([
    ['of another configuration', `sed 's/"x"/"y"/' "$base/c2" >"$work/config"`],
    ['with another overlay', `echo '# more' >>"$release/images.yml"`],
    ['with one more overlay', `echo x >"$release/digests.yml"`],
    ['by another runner', 'runner_is=other'],
    ['under another key', `echo other >"$base/shared/secrets/key"`],
    ['going back', 'strict='],
    ['before there was a release', 'previous='],
    ['where a hook may have written since', 'mkdir -p "$tree/.zebu/hooks"; : >"$tree/.zebu/hooks/pre-deploy"'],
    ['where it was not noted', 'rm "$base/releases/r1/told"'],
    ['where it was noted in part', 'rm "$base/releases/r1/hashes"'],
  ])('is not %s', (_, told) => {
    expect(recalled(runnerApp(shell), '', told)).toEqual(['no']);
  });

  it('is not noted where containers are told the folder of the release', () => {
    const noted = (services: (release: string) => object): boolean => {
      const app = runnerApp(shell);
      app.write('full', app.config({ services: services(`${app.base}/releases/r2`) }));
      app.run(
        `cp "$base/full" "$work/full"; echo key >"$work/told"; echo h >"$work/hashes"; expected >"$work/expected"; note_told`,
      );
      return app.has('releases/r2/told');
    };
    expect(noted(() => ({ web: { image: 'x' } }))).toBe(true);
    expect(noted((release) => ({ web: { build: { context: `${release}/tree` }, image: 'x' } }))).toBe(true);
    expect(noted((release) => ({ web: { build: { context: '/x' }, environment: { HERE: `${release}/tree` } } }))).toBe(
      false,
    );
    expect(noted((release) => ({ web: { volumes: [{ type: 'bind', source: `${release}/tree/conf` }] } }))).toBe(false);
  });

  it('is for nobody else to read', () => {
    const app = runnerApp(shell);
    recalled(app, '');
    for (const file of ['told', 'hashes', 'expected'])
      expect(statSync(`${app.base}/releases/r1/${file}`).mode & 0o077, file).toBe(0);
  });

  it('is not for a rollback', () => {
    expect(recalled(runnerApp(shell), '', '', 'rollback')).toEqual(['no']);
  });
});

describe.each(vmShells())('what is told the same but for some images, in $name', { timeout: 60_000 }, (shell) => {
  const images = (web: string, db = 'y'): string =>
    `services:\n  "web":\n    image: "${web}"\n    pull_policy: missing\n  "db":\n    image: "${db}"\n    pull_policy: missing\n`;
  const PINS = `printf '%s\\n' 'web x2 sha256:web there' 'db y sha256:db there' >"$work/pins"; pinned=$release`;

  /** Which services have another image, and what is found in force of them, after r1 with its hashes. */
  function learned(now: readonly Seen[], { before = images('x1'), after = images('x2') } = {}): readonly string[] {
    const app = runnerApp(shell);
    app.write('config', app.config({ services: SERVICES }));
    app.write('releases/r1/images.yml', before);
    app.write('releases/r2/images.yml', after);
    app.write('now', now.map((each) => `${seen(each)}\n`).join(''));
    return app.run(
      `release=$base/releases/r1; cp "$base/config" "$work/config"; sum_config; told_the_same none
printf '%s\\n' 'web web-old' 'db db-hash' >"$work/hashes"; printf 'web\\t1\\t shop_default\\ndb\\t1\\t shop_default\\n' >"$work/expected"
note_told; drop "$work/hashes" "$work/expected"
release=$base/releases/r2
recall_hashes && echo recalled
echo "[$renewed]"
cp "$base/now" "$work/now"; ${PINS}
if learn_hashes; then cat "$work/hashes"; else ls "$work" | grep -xE 'hashes|expected'; fi`,
    ).lines;
  }

  it('is told by the containers, where each has its image and what is the same its settings', () => {
    expect(learned([WEB, DB])).toEqual(['[ web ]', 'db db-hash', 'web web-hash']);
    expect(learned([WEB, { ...WEB, name: 'shop-web-2' }, DB])).toEqual(['[ web ]', 'db db-hash', 'web web-hash']);
  });

  it.each<[string, readonly Seen[]]>([
    ['with the hash of before', [{ ...WEB, digest: 'web-old' }, DB]],
    ['with none', [{ ...WEB, digest: '' }, DB]],
    ['with another one than its brother', [WEB, { ...WEB, name: 'shop-web-2', digest: 'web-other' }, DB]],
    ['with the image of before', [{ ...WEB, image: 'sha256:old' }, DB]],
    ['whose neighbour has other settings', [WEB, { ...DB, digest: 'db-other' }]],
    ['whose neighbour is missing', [WEB]],
  ])('is left to Compose for one %s', (_, now) => {
    expect(learned(now)).toEqual(['[ web ]']);
  });

  it('is nothing where more than that is another', () => {
    for (const after of [
      images('x2').replace('missing', 'never'),
      `${images('x2')}  "more":\n`,
      images('x2').slice(0, 40),
      '',
    ])
      expect(learned([WEB, DB], { after }), after).toEqual(['[]']);
    expect(learned([WEB, DB], { before: '' })).toEqual(['[]']);
    expect(learned([WEB, DB], { after: images('x1') })).toEqual(['recalled', '[]', 'expected', 'hashes']);
  });
});

describe.each(vmShells())('whether all runs already, in $name', { timeout: 60_000 }, (shell) => {
  const EXPECTED = 'web\\t1\\t shop_default\\ndb\\t1\\t shop_default\\n';

  /** What it says, and how often Docker was asked for containers: by what was listed before the run, unless that is too old. */
  function asked(
    containers: readonly Seen[],
    expected = EXPECTED,
    since = '',
  ): { readonly said: string; readonly looks: number } {
    const app = runnerApp(shell);
    app.docker({
      'ps -aq': says(...containers.map(({ service }) => `id-${service}`)),
      'inspect --format {{.ID}}|': says(
        ...containers.map((each) => `id-${each.service}|0|x|true|${each.service}|${seen(each)}`),
      ),
      inspect: says(...containers.map(seen)),
    });
    app.write('config', app.config({ services: SERVICES }));
    const { lines, docker } = app.run(`recall_hashes() { :; }
note_began
${since}
printf '${expected}' >"$work/expected"
printf '%s\\n' 'web web-hash' 'db db-hash' >"$work/hashes"
printf '%s\\n' 'web x sha256:web there' 'db y sha256:db there' >"$work/pins"; pinned=$release
if runs_already; then echo "yes$as_is"; else echo "no$as_is"; fi`);
    return { said: lines.join(' '), looks: docker.filter((each) => each.startsWith('inspect')).length };
  }
  const runs = (containers: readonly Seen[], expected?: string): string => asked(containers, expected).said;

  it('is so where each has its container, and nothing else is there', () => {
    expect(runs([WEB, DB])).toBe('yes id-web id-db');
  });

  it.each<[string, readonly Seen[]]>([
    ['with other settings', [{ ...WEB, digest: 'other' }, DB]],
    ['with another image', [{ ...WEB, image: 'sha256:other' }, DB]],
    ['that was stopped', [{ ...WEB, state: 'exited' }, DB]],
    ['that was not started', [{ ...WEB, state: 'created' }, DB]],
    ['that starts again and again', [{ ...WEB, state: 'restarting' }, DB]],
    ['under a name of before', [{ ...WEB, name: '0123456789ab_shop-web-1' }, DB]],
  ])('is not so for one %s', (_, containers) => {
    expect(runs(containers)).toBe('no');
  });

  it('is told by what was seen before the run, where that was just now, under the same Docker', () => {
    expect(asked([WEB, DB])).toEqual({ said: 'yes id-web id-db', looks: 1 });
    for (const since of ['booted=$((booted + 9))', 'find_engine() { engine_is=another; }', 'touched=1'])
      expect(asked([WEB, DB], EXPECTED, since), since).toEqual({ said: 'yes id-web id-db', looks: 2 });
  });

  it('is not so for too few, too many, or one of a service that is gone', () => {
    expect(runs([WEB])).toBe('no');
    expect(runs([])).toBe('no');
    expect(runs([WEB, DB, { ...WEB, name: 'shop-web-2' }])).toBe('no');
    expect(runs([WEB, DB, { service: 'old' }])).toBe('no');
    expect(runs([WEB, DB], 'web\\t1\\t shop_default\\ndb\\t1\\t shop_default\\njob\\t1\\t\\n')).toBe('no');
    expect(runs([WEB, DB], 'web\\t1\\t shop_default shop_own\\ndb\\t1\\t shop_default\\n')).toBe('no');
    // Which nobody wants to run.
    expect(runs([WEB, DB], 'web\\t1\\t shop_default\\ndb\\t1\\t shop_default\\njob\\t0\\t\\n')).toMatch(/^yes/);
  });
});
