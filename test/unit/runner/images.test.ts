import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import ENGINE_SOCKET from '../../../src/lib/app-folder/engine-socket.sh';
import GONE from '../../../src/lib/app-folder/gone.sh';
import BUILD_KEYS from '../../../src/lib/runner/build-keys.sh';
import BUILD from '../../../src/lib/runner/build.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import IMAGES from '../../../src/lib/runner/images.sh';
import REASON from '../../../src/lib/runner/reason.sh';
import { inEachShell, runIn, type VmShell } from '../../support/shells.js';

/** Runs a function of the runner on what `docker compose config --format json` prints; gives what it printed. */
function onConfig(services: Readonly<Record<string, object>>, command: string): readonly string[] {
  const work = mkdtempSync(join(tmpdir(), 'zebu-images-'));
  try {
    writeFileSync(join(work, 'config'), JSON.stringify({ name: 'shop', services, volumes: { image: {} } }, null, 2));
    const script = `work=${work} release=${work} project=shop\n${GONE}${CONFIG}${BUILD}${IMAGES}\n${command}`;
    const run = inEachShell((shell) => runIn(shell, script));
    expect(run.stderr).toBe('');
    return run.stdout.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(work, { recursive: true });
  }
}

const builtImages = (services: Readonly<Record<string, object>>): readonly string[] =>
  onConfig(services, 'find_builders; cat "$work/built"');

it('has an image that several services build built by one of them', () => {
  const builders = (services: Readonly<Record<string, object>>): readonly string[] =>
    onConfig(services, 'find_builders; cat "$release/builders" 2>/dev/null || :');
  const build = { context: '/x' };
  expect(
    builders({
      api: { build },
      db: { image: 'postgres:18' },
      jobs: { build, image: 'shop:latest' },
      web: { build, image: 'shop:latest' },
      worker: { build, image: 'shop-api' },
    }),
  ).toEqual(['api', 'jobs']);
  // Where no name is shared Compose itself decides what there is to build.
  expect(builders({ api: { build }, web: { build }, user: { image: 'shop-web' } })).toEqual([]);
});

it('pins what is built, under its own or its given name, for everyone who uses it', () => {
  expect(
    builtImages({
      db: { image: 'postgres:18', networks: { default: null } },
      jobs: { command: ['work'], image: 'shop-web' },
      named: { build: { context: '/x', args: { image: 'no' } }, image: 'registry.example/shop/named:v1' },
      web: { build: { context: '/x' }, labels: { build: 'no', image: 'no' } },
    }),
  ).toEqual(['jobs shop-web web', 'named registry.example/shop/named:v1 named', 'web shop-web web']);
});

it('pins nothing where nothing is built', () => {
  expect(builtImages({ db: { image: 'postgres:18' } })).toEqual([]);
});

const ID = (digit: string): string => `sha256:${digit.repeat(64)}`;

interface Pinned {
  readonly code: number | null;
  readonly reason: string;
  /** The overlay. */
  readonly images: string;
  /** What Docker and Compose were told to do. */
  readonly done: readonly string[];
}

/**
 * Pins with a Docker that knows `there` (image → what it prints of it), and a Compose whose pull makes `pullable` known.
 */
const pin = (
  services: Readonly<Record<string, object>>,
  there: Readonly<Record<string, string>>,
  pullable: Readonly<Record<string, string>> = {},
  besides = '',
): Pinned => inEachShell((shell) => pinIn(shell, services, there, pullable, besides));

function pinIn(
  shell: VmShell,
  services: Readonly<Record<string, object>>,
  there: Readonly<Record<string, string>>,
  pullable: Readonly<Record<string, string>>,
  besides: string,
): Pinned {
  const work = mkdtempSync(join(tmpdir(), 'zebu-pins-'));
  const table = (images: Readonly<Record<string, string>>): string =>
    Object.entries(images)
      .map(([name, text]) => `${name} ${text}\n`)
      .join('');
  try {
    writeFileSync(join(work, 'config'), JSON.stringify({ name: 'shop', services }, null, 2));
    writeFileSync(join(work, 'there'), table(there));
    writeFileSync(join(work, 'pullable'), table(pullable));
    writeFileSync(
      join(work, 'docker'),
      `#!/bin/sh
if [ "$1" = tag ]; then echo "$*" >>${work}/done; exit; fi
if [ "$3" = --format ]; then shift 4; else shift 2; fi
for name; do
  line=$(grep -F "$name " ${work}/there) || { echo "No such image: $name" >&2; exit 1; }
  echo "$line" | cut -d' ' -f2-
done
`,
      { mode: 0o755 },
    );
    const script = `work=${work} release=${work} project=shop reason= PATH=${work}:$PATH
note() { :; }
clock() { clock=1; }
overlays() { :; }
last_line() { echo 'no answer'; }
logged() { "$@" >/dev/null 2>&1; }
compose() { echo "$*" >>${work}/done; [ -s ${work}/pullable ] && cat ${work}/pullable >>${work}/there; }
: >${work}/done
${GONE}${ENGINE_SOCKET}${CONFIG}${REASON}${BUILD}${BUILD_KEYS}${IMAGES}
engine_socket=/nowhere
${besides}
pin_images; code=$?
printf '%s' "$reason"
exit $code`;
    const run = runIn(shell, script);
    expect(run.stderr).toBe('');
    const read = (file: string): string => (existsSync(join(work, file)) ? readFileSync(join(work, file), 'utf8') : '');
    return {
      code: run.code,
      reason: run.stdout,
      images: read('images.yml'),
      done: read('done')
        .split('\n')
        .filter((line) => line !== ''),
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}

const entry = (service: string, image: string): string =>
  `  "${service}":\n    image: "${image}"\n    pull_policy: missing\n`;

it('pins what is pulled by the digest it has here, as its author wrote the name', () => {
  const digest = `@${ID('d')}`;
  const { images, done } = pin(
    {
      cache: { image: 'redis:7' },
      db: { image: 'docker.io/library/postgres:18' },
      own: { image: 'registry.example:5000/shop/own' },
      fixed: { image: `caddy:2@${ID('e')}` },
    },
    {
      'redis:7': `${ID('1')} redis:7 redis${digest}`,
      'docker.io/library/postgres:18': `${ID('2')} postgres:18 other/postgres@${ID('f')} postgres${digest}`,
      'registry.example:5000/shop/own': `${ID('3')} registry.example:5000/shop/own:latest registry.example:5000/shop/own${digest}`,
      [`caddy:2@${ID('e')}`]: `${ID('4')} caddy@${ID('e')}`,
    },
  );
  expect(images).toBe(
    `services:\n${entry('cache', `redis:7${digest}`)}${entry('db', `docker.io/library/postgres:18${digest}`)}` +
      entry('own', `registry.example:5000/shop/own${digest}`),
  );
  expect(done).toEqual([]);
});

it('reads of images what the engine says, as JSON', () => {
  const json = (id: string, RepoTags: readonly string[] | null, RepoDigests: readonly string[]): string =>
    JSON.stringify({ Id: id, RepoTags, RepoDigests, Config: { Labels: { x: '"RepoTags":["no:1"]' } } });
  const { images, done } = pin(
    { db: { image: 'postgres:18' }, tool: { image: 'made-by-hand:1' }, web: { build: { context: '/x' } } },
    {
      'postgres:18': json(ID('1'), null, [`other/postgres@${ID('f')}`, `postgres@${ID('d')}`]),
      'made-by-hand:1': json(ID('2'), ['made-by-hand:1', 'zebu/shop-tool:222222222222'], []),
      'shop-web': json(ID('3'), ['shop-web:latest', 'zebu/shop-web:333333333333'], []),
    },
    {},
    'engine_near() { :; }\nengine_api() { shift; for each; do each=${each#*/images/}; docker image inspect --format x "${each%/json}" || return; done; }',
  );
  expect(images).toBe(
    `services:\n${entry('web', 'zebu/shop-web:333333333333')}${entry('db', `postgres:18@${ID('d')}`)}` +
      entry('tool', 'zebu/shop-tool:222222222222'),
  );
  expect(done).toEqual([]);
});

it('keeps what was never in a registry under a name of its own', () => {
  const { images, done } = pin(
    { tool: { image: 'made-by-hand:1' }, web: { build: { context: '/x' } } },
    {
      'made-by-hand:1': `${ID('1')} made-by-hand:1`,
      'shop-web': `${ID('2')} shop-web:latest zebu/shop-web:222222222222`,
    },
  );
  expect(images).toBe(
    `services:\n${entry('web', 'zebu/shop-web:222222222222')}${entry('tool', 'zebu/shop-tool:111111111111')}`,
  );
  expect(done).toEqual([`tag ${ID('1')} zebu/shop-tool:111111111111`]);
});

it('has a name that Docker takes for whatever a service is called', () => {
  const names = { 'My.Service_A-1': 'my.service_a-1', 'a__b--c': 'a__b--c', '_x._y-': 'x-y' };
  const { images } = pin(Object.fromEntries(Object.keys(names).map((name) => [name, { image: 'made-by-hand:1' }])), {
    'made-by-hand:1': `${ID('1')} made-by-hand:1`,
  });
  const wanted = Object.entries(names).map(([name, as]) => entry(name, `zebu/shop-${as}:111111111111`));
  expect(images).toBe(`services:\n${wanted.join('')}`);
});

it('pulls what is missing, and what is to be new each time, and nothing else', { timeout: 60_000 }, () => {
  const services = {
    cache: { image: 'redis:7' },
    db: { image: 'postgres:18' },
    web: { image: 'own', pull_policy: 'always' },
  };
  const there = { 'postgres:18': ID('1'), own: ID('2') };
  const missing = { 'redis:7': ID('3') };
  expect(pin(services, there, missing).done).toContain('pull web cache');
  expect(pin({ db: services.db }, there).done.filter((line) => line.startsWith('pull'))).toEqual([]);
  expect(pin({ cache: services.cache }, there)).toMatchObject({
    code: 1,
    reason: 'an image cannot be pulled: no answer',
  });
  expect(pin({ cache: { ...services.cache, pull_policy: 'never' } }, there)).toMatchObject({
    code: 1,
    reason: 'an image is not there: No such image: redis:7',
  });
  // A newer Compose asks by the age of an image; a deploy is a moment to ask.
  for (const policy of ['daily', 'every_12h'])
    expect(pin({ db: { ...services.db, pull_policy: policy } }, there, there).done).toContain('pull db');
});
