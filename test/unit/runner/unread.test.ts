import { describe, expect, it } from 'vitest';
import CONFIG from '../../../src/lib/runner/config.sh';
import UNREAD from '../../../src/lib/runner/unread.sh';
import { inNextVmShell } from '../../support/vm-shell.js';

/** `good`, or why the configuration is refused. */
function given(config: object): string {
  const script = `work=$folder
cat >$work/config <<'E'
${JSON.stringify({ name: 'shop', ...config }, null, 2)}
E
${CONFIG}${UNREAD}
if check_given; then echo good; else echo "$reason"; fi`;
  return inNextVmShell({}, script).join('\n');
}

/** What is said of the files of the commit that app.compose does not name. */
function unread(app: { readonly files: Readonly<Record<string, string>>; readonly named: string }): readonly string[] {
  const files = Object.entries(app.files).map(
    ([path, text]) => `mkdir -p "$(dirname '${path}')" && cat >'${path}' <<'E'\n${text}\nE\n`,
  );
  const script = `mkdir $folder/tree && cd $folder/tree
${files.join('')}
tree=$folder/tree project=shop files='${app.named}'
${UNREAD}
unread; echo .`;
  return inNextVmShell({}, script).slice(0, -1);
}

describe('configs and secrets that only a swarm has', () => {
  const services = { web: { image: 'x', secrets: [{ source: 'key', target: '/run/secrets/key' }] } };

  it.each([
    [{ name: 'key', external: true }, 'the secret key of web is external'],
    [{ name: 'shop_key', file: '/k', driver: 'vault' }, 'the secret key of web has a driver'],
    [{ name: 'shop_key', file: '/k', driver_opts: { a: 'b' } }, 'the secret key of web has a driver_opts'],
    [{ name: 'shop_key', file: '/k', template_driver: 'golang' }, 'the secret key of web has a template_driver'],
  ])('are refused with %j', (key, why) => {
    expect(given({ services, secrets: { key } })).toContain(why);
    const config = { web: { image: 'x', configs: [{ source: 'key' }] } };
    expect(given({ services: config, configs: { key } })).toContain(why.replace('secret', 'config'));
  });

  it('do not matter where nobody is given them, and others are fine', () => {
    expect(given({ services: { web: {} }, secrets: { key: { name: 'key', external: true } } })).toBe('good');
    expect(given({ services, secrets: { key: { name: 'shop_key', environment: 'external' } } })).toBe('good');
    expect(
      given({ services, configs: { key: { name: 'key', external: true } }, secrets: { key: { file: '/k' } } }),
    ).toBe('good');
  });
});

describe('what plain Compose would have read or said', () => {
  const both = { 'compose.yml': 'services: {}', 'compose.override.yml': 'services: {}' };

  it('is an override file beside the only one that is named', () => {
    expect(unread({ files: both, named: '-f compose.yml --profile a' })).toEqual([
      'compose.override.yml is not read: app.compose names compose.yml alone, where plain docker compose reads both',
    ]);
    const below = { 'docker/docker-compose.yaml': '', 'docker/docker-compose.override.yml': '' };
    expect(unread({ files: below, named: '-f docker/docker-compose.yaml' })).toHaveLength(1);
  });

  it('is not one that is named, nor one of a file that Compose would not find by itself', () => {
    expect(unread({ files: both, named: '-f compose.yml -f compose.override.yml' })).toEqual([]);
    expect(unread({ files: { ...both, 'prod.yml': '' }, named: '-f prod.yml' })).toEqual([]);
    expect(unread({ files: { 'compose.yml': 'services: {}' }, named: '-f compose.yml' })).toEqual([]);
  });

  it.each([
    ['name: other', true],
    ['name: "other"  # of old', true],
    ['name: shop', false],
    ["name: 'shop' # us", false],
    ['services: { a: { name: other } }\nx-a:\n  name: other', false],
  ])('is the name of the project: %s', (text, said) => {
    expect(unread({ files: { 'compose.yml': text }, named: '-f compose.yml' })).toEqual(
      said ? ['name: other in compose.yml is not used: the project is called shop, as app.name says'] : [],
    );
  });
});

describe('a .env of the commit with a name of a secret in it', () => {
  /** What is said where services have this for an environment. */
  function openly(web: Readonly<Record<string, string>>, dotenv: string, secrets = '1.env'): readonly string[] {
    const config = JSON.stringify({ name: 'shop', services: { web: { environment: web, image: 'x' } } }, null, 2);
    const script = `work=$folder base=$folder tree=$folder/tree directory=$folder/tree environment="--env-file $folder/tree/.env"
mkdir -p $folder/tree $folder/shared/secrets
cat >$work/config <<'E'
${config}
E
cat >$directory/.env <<'E'
${dotenv}
E
cat >$base/shared/secrets/1.env <<'E'
API_KEY='the real one'
E
${CONFIG}${UNREAD}
given_openly "$base/shared/secrets/${secrets}"; echo .`;
    return inNextVmShell({}, script).slice(0, -1);
  }

  it('is named where a service has what stands there', () => {
    const said = [
      'web is given API_KEY as .env of the commit has it, not the secret of that name: take it out of that file',
    ];
    expect(openly({ API_KEY: 'changethis', PORT: '1' }, 'PORT=1\nAPI_KEY=changethis')).toEqual(said);
    expect(openly({ API_KEY: 'a "b" $$c' }, 'export API_KEY=\'a "b" $c\'')).toEqual(said);
    expect(openly({ API_KEY: 'x' }, 'API_KEY = "x" # later')).toEqual(said);
    expect(openly({ API_KEY: 'x' }, 'API_KEY=x # later')).toEqual(said);
    expect(openly({ API_KEY: '' }, 'API_KEY=')).toEqual(said);
  });

  it('is nothing to say where the service has the secret, or there is none', () => {
    expect(openly({ API_KEY: 'the real one' }, 'API_KEY=changethis')).toEqual([]);
    expect(openly({ PORT: '1' }, 'PORT=1')).toEqual([]);
    expect(openly({ API_KEY: 'changethis' }, 'API_KEY=changethis', '')).toEqual([]);
  });
});
