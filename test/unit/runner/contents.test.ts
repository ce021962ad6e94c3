import { describe, expect, it } from 'vitest';
import GONE from '../../../src/lib/app-folder/gone.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import DATA from '../../../src/lib/runner/data.sh';
import DIGESTS from '../../../src/lib/runner/digests.sh';
import FILES from '../../../src/lib/runner/files.sh';
import { inVmShell } from '../../support/vm-shell.js';

type Config = Readonly<Record<string, unknown>>;

/** The release's folder is `$folder/releases/r1`, and stands in the configuration as `@`. */
const render = (config: Config): string => JSON.stringify({ name: 'shop', ...config }, null, 2);

/**
 * Runs the parts of the runner on what `docker compose config --format json` prints.
 * @param files path below the release's tree → text
 * @param then what is printed in the end
 */
function placed(config: Config, files: Readonly<Record<string, string>>, then: string): readonly string[] {
  const made = Object.entries(files)
    .map(
      ([name, text]) =>
        `mkdir -p "$(dirname "$release/tree/${name}")"\nprintf '%s' '${text}' >"$release/tree/${name}"\n`,
    )
    .join('');
  const script = `
work=$folder/work base=$folder release=$folder/releases/r1 environment= previous=
tree=$release/tree
mkdir -p $work $tree $base/shared/secrets
overlays() { :; }
linked_env_file() { false; }
${GONE}${CONFIG}${DATA}${FILES}${DIGESTS}
${made}
sed "s|@|$release/tree|g" >$work/config <<'E'
${render(config)}
E
${then}`;
  return inVmShell({}, script);
}

const bind = (source: string, target: string, more: object = {}): object => ({ type: 'bind', source, target, ...more });
const sources = `sed -n 's|.*"source": "\\([^"]*\\)".*"target": "\\([^"]*\\)".*|\\2 \\1|p' $release/files.yml | sed "s|$base/shared/files/||"`;

describe('files of the commit that containers are given', { timeout: 60_000 }, () => {
  const web = (...volumes: readonly object[]): Config => ({ services: { web: { image: 'x', volumes } } });

  it('lie by their content, whatever the release is called', () => {
    const config = web(bind('@/app.conf', '/a', { read_only: true }), bind('@/html', '/h'));
    const files = { 'app.conf': 'one', 'html/index': 'two' };
    const first = placed(config, files, `place_files\n${sources}`);
    const [a = '', h = ''] = first.map((line) => line.split(' ')[1] ?? '');
    expect([a, h]).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/), expect.stringMatching(/^[0-9a-f]{40}$/)]);
    expect(placed(config, files, `place_files\n${sources}`)).toEqual(first);
    const changed = placed(config, { ...files, 'app.conf': 'three' }, `place_files\n${sources}`);
    expect(changed).toEqual([expect.not.stringContaining(a), `/h ${h}`]);
    expect(placed(config, files, `place_files; cat $base/shared/files/${a} $base/shared/files/${h}/index`)).toEqual([
      'onetwo',
    ]);
  });

  it('are two where two folders hold the same: what is written into one is not in the other', () => {
    const config = web(bind('@/a', '/a'), bind('@/b', '/b'));
    const [a = '', b = ''] = placed(config, { 'a/.gitignore': '*', 'b/.gitignore': '*' }, `place_files\n${sources}`);
    expect(a.split(' ')[1]).not.toBe(b.split(' ')[1]);
  });

  it('keep all other members of the mount, and stay what they are otherwise', () => {
    const config = web(
      bind('@/app.conf', '/a', { read_only: true, bind: { propagation: 'rshared' } }),
      bind('@/missing', '/m'),
      bind('/etc/passwd', '/p'),
      { type: 'volume', source: 'data', target: '/d' },
    );
    const [yaml = ''] = placed(config, { 'app.conf': 'x' }, `place_files; grep source $release/files.yml`);
    expect(yaml).toMatch(/"read_only": true.*"bind": \{ *"propagation": "rshared" *\}/);
    expect(placed(config, { 'app.conf': 'x' }, `place_files; grep -c source $release/files.yml`)).toEqual(['1']);
  });

  it('are not followed out of the release', () => {
    const link = `ln -s /etc/passwd $tree/out; ln -s app.conf $tree/in; place_files\n${sources}`;
    const lines = placed(web(bind('@/out', '/o'), bind('@/in', '/i')), { 'app.conf': 'x' }, link);
    expect(lines).toEqual([expect.stringMatching(/^\/i [0-9a-f]{40}$/)]);
  });

  it('are configs and secrets, too', () => {
    const config = {
      services: { web: { image: 'x' } },
      configs: { one: { name: 'shop_one', file: '@/app.conf' }, two: { name: 'shop_two', content: 'x' } },
      secrets: { three: { name: 'shop_three', file: '@/app.conf' } },
    };
    const lines = placed(
      config,
      { 'app.conf': 'x' },
      `place_files; sed "s|$base/shared/files/[0-9a-f]*|KEPT|" $release/files.yml`,
    );
    expect(lines).toEqual(['configs:', '  "one": { file: "KEPT" }', 'secrets:', '  "three": { file: "KEPT" }']);
  });

  it('go with the last release that names them', () => {
    const then = `place_files; mkdir -p $base/shared/files/${'0'.repeat(40)}; prune_files; ls $base/shared/files | wc -l; rm $release/files.yml; prune_files; ls $base/shared/files`;
    expect(placed(web(bind('@/app.conf', '/a')), { 'app.conf': 'x' }, then)).toEqual(['1']);
  });

  it('are the same for who mounts a part of a folder that another service may write to', () => {
    const files = { 'wp/index.php': '1', 'wp/uploads/sample': 'x', 'ro/part/x': 'x' };
    const config = (readOnly: boolean): Config =>
      web(
        bind('@/wp', '/wp', readOnly ? { read_only: true } : {}),
        bind('@/wp/uploads', '/up', { read_only: true }),
        bind('@/wp/uploads/sample', '/file', { read_only: true }),
      );
    const [wp = '', up = '', file = ''] = placed(config(false), files, `place_files\n${sources}`).map(
      (line) => line.split(' ')[1] ?? '',
    );
    expect([up, file]).toEqual([`${wp}/uploads`, `${wp}/uploads/sample`]);
    const apart = placed(config(true), files, `place_files\n${sources}`);
    expect(apart.every((line) => /^\S+ [0-9a-f]{40}$/.test(line))).toBe(true);
  });

  it('are not what became data, though they were the same once', () => {
    const then = `place_files; ${sources}; for each in $base/shared/files/*; do mv $each $folder/data; ln -s $folder/data $each; done
place_files; ${sources}; test ! -L $base/shared/files/$(${sources} | cut -d' ' -f2) && echo apart`;
    const [first, second, apart] = placed(
      web(bind('@/conf', '/c', { read_only: true })),
      { 'conf/app.conf': 'x' },
      then,
    );
    expect([second === first, apart]).toEqual([false, 'apart']);
  });

  it('stay when a service has written to them, also when nothing names them any more', () => {
    const then = `place_files; for each in $base/shared/files/*; do echo rows >$each/rows; done; rm $release/files.yml; prune_files; prune_files; cat $base/shared/files/*/rows`;
    const files = { 'conf/app.conf': 'x' };
    expect(placed(web(bind('@/conf', '/c')), files, then)).toEqual(['rows']);
    const untouched = then.replace('echo rows >$each/rows', ':').replace(/cat .*/, 'ls $base/shared/files');
    expect(placed(web(bind('@/conf', '/c')), files, untouched)).toEqual(['']);
  });

  it('do not include what only a developer is told, which lies elsewhere each time', () => {
    const config = { services: { web: { image: 'x', develop: { watch: [{ path: '@/src', action: 'sync' }] } } } };
    const lines = placed(config, {}, 'place_files; cat $release/files.yml');
    expect(lines).toEqual(['services:', '  "web":', '    develop: !reset null']);
  });
});

/** Service → digest. */
function digests(
  config: Config,
  files: Readonly<Record<string, string>> = {},
  before = '',
): Readonly<Record<string, string>> {
  const then = `${before}
note_gives && write_digests
[ ! -e $release/digests.yml ] || sed -n -e 's/^  "\\(.*\\)":$/\\1/p' -e 's/.*contents: "\\(.*\\)".*/\\1/p' $release/digests.yml | paste -d' ' - -`;
  const lines = placed(config, files, then).filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]));
}

describe('the digest of what a container is given', { timeout: 60_000 }, () => {
  const given = (top: Config): Config => ({
    services: {
      web: { image: 'x', configs: [{ source: 'c' }] },
      api: { image: 'x', secrets: [{ source: 's' }] },
      plain: { image: 'x', networks: { default: null } },
    },
    networks: { default: { name: 'shop_default', ipam: {} } },
    ...top,
  });

  it('is there only for who is given something', () => {
    expect(digests(given({}))).toEqual({});
    expect(Object.keys(digests(given({ configs: { c: { content: 'a' } } })))).toEqual(['web']);
  });

  it('changes with the content, and with nothing else', () => {
    const one = digests(given({ configs: { c: { content: 'a' } }, secrets: { s: { file: '@/s' } } }), { s: '1' });
    const two = digests(given({ configs: { c: { content: 'b' } }, secrets: { s: { file: '@/s' } } }), { s: '1' });
    const three = digests(given({ configs: { c: { content: 'b' } }, secrets: { s: { file: '@/s' } } }), { s: '2' });
    expect(one['web']).not.toBe(two['web']);
    expect(one['api']).toBe(two['api']);
    expect(two['web']).toBe(three['web']);
    expect(two['api']).not.toBe(three['api']);
  });

  it('follows the value of a variable, the last of the files that have it', () => {
    const config = given({ secrets: { s: { environment: 'TOKEN' } } });
    const file = (name: string, text: string): string =>
      `printf '%s\\n' "${text}" >$base/${name}; environment="$environment --env-file $base/${name}"\n`;
    const plain = digests(config, {}, file('a', "TOKEN='1'"));
    expect(digests(config, {}, file('a', "TOKEN='1'\nOTHER='2'"))).toEqual(plain);
    expect(digests(config, {}, file('a', "TOKEN='2'"))).not.toEqual(plain);
    expect(digests(config, {}, file('a', "TOKEN='2'") + file('b', "TOKEN='1'"))).toEqual(plain);
    expect(digests(config, {}, file('a', "XTOKEN='1'"))).not.toEqual(plain);
  });

  it('says nothing of a short secret to who does not have the key', () => {
    const config = given({ secrets: { s: { environment: 'PIN' } } });
    const pin = `echo "PIN='1234'" >$base/a; environment="--env-file $base/a"\n`;
    expect(digests(config, {}, `${pin}echo one >$base/shared/secrets/key\n`)).not.toEqual(
      digests(config, {}, `${pin}echo two >$base/shared/secrets/key\n`),
    );
  });

  it('changes with the settings of a network, and not where it has none or is not ours', () => {
    const on = (network: object): Readonly<Record<string, string>> =>
      digests({
        services: { web: { networks: { net: null } }, off: { image: 'x' } },
        networks: { net: { name: 'shop_net', ...network } },
      });
    expect(on({ ipam: {} })).toEqual({});
    expect(on({ external: true, driver_opts: { a: '1' } })).toEqual({});
    const one = on({ driver_opts: { a: '1' } });
    expect(Object.keys(one)).toEqual(['web']);
    expect(on({ driver_opts: { a: '2' } })).not.toEqual(one);
    expect(on({ driver_opts: { a: '1' } })).toEqual(one);
  });
});
