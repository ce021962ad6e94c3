import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import GONE from '../../../src/lib/app-folder/gone.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import IN_FORCE from '../../../src/lib/runner/in-force.sh';
import STRATEGY from '../../../src/lib/runner/strategy.sh';
import { inNextVmShell } from '../../support/vm-shell.js';

interface Running {
  readonly service: string;
  readonly hash?: string;
  readonly image?: string;
  readonly networks?: readonly string[];
}

interface Situation {
  readonly running: readonly Running[];
  readonly services?: Readonly<Record<string, unknown>>;
  /** What `up --dry-run` says. */
  readonly would?: readonly string[];
  /** The same of a service that is named, where services are rolled. */
  readonly wouldAlone?: readonly string[];
  readonly differs?: readonly string[];
  readonly mode?: 'deploy' | 'rollback';
  readonly strict?: boolean;
  /** What Docker has once a service was made anew. */
  readonly mended?: readonly Running[];
}

const SERVICES = { web: { image: 'x', networks: { default: null, own: null } }, once: { image: 'y' } };
const GOOD: readonly Running[] = [{ service: 'web', networks: ['shop_default', 'shop_own_net'] }, { service: 'once' }];

/** The end of `in_force`: `in force`, or why not, after what it noted. */
function judged({
  running,
  services = SERVICES,
  would = [],
  wouldAlone,
  differs = [],
  mode = 'deploy',
  strict = true,
  mended = running,
}: Situation): readonly string[] {
  const linesOf = (of: readonly Running[]): string =>
    of
      .map(({ service, hash = `${service}-hash`, image = `sha256:${service}`, networks = [] }) =>
        [
          service,
          ...Array<string>(7).fill(''),
          `/shop-${service}-1`,
          'id',
          '',
          hash,
          image,
          ` ${networks.join(' ')} `,
        ].join('|'),
      )
      .join('\n');
  const config = {
    name: 'shop',
    networks: { default: { name: 'shop_default' }, own: { name: 'shop_own_net' } },
    services,
  };
  const docker = `case "$1 $2" in
  'image inspect') printf 'sha256:web\\n' ;;
esac`;
  const script = `
strategy=${wouldAlone === undefined ? 'recreate' : 'rolling'} strategies=
work=$folder release=$folder/release project=shop pinned= limit=10 mode=${mode} strict=${strict ? 1 : ''}
mkdir -p $release
begin() { :; }
note() { echo "$2"; }
logged() { case $* in *--force-recreate*) cp $folder/mended $work/now ;; esac; }
verify() { :; }
timeout() { shift; "$@"; }
standing_differs() { printf '%s' '${differs.map((line) => `${line}\n`).join('')}' >$work/differs; }
compose() { case $* in
*--no-deps) cat <<'E' ;;
${would.map((line) => ` DRY-RUN MODE -  Container ${line}`).join('\n')}
E
*) cat <<'E' ;;
${(wouldAlone ?? []).map((line) => ` DRY-RUN MODE -  Container ${line}`).join('\n')}
E
esac
}
cat >$work/full <<'E'
${JSON.stringify(config, null, 2)}
E
cat >$work/hashes <<'E'
${Object.keys(services)
  .map((service) => `${service} ${service}-hash`)
  .join('\n')}
E
printf 'services:\\n  "web":\\n    image: "zebu/shop-web:1"\\n    pull_policy: missing\\n' >$release/images.yml
cat >$folder/now <<'E'
${linesOf(running)}
E
cat >$folder/mended <<'E'
${linesOf(mended)}
E
${GONE}${CONFIG}${STRATEGY}${IN_FORCE}
if in_force; then echo 'in force'; else echo "$reason"; fi`;
  return inNextVmShell({ docker }, script);
}

const OFF = 'web to be made anew: somebody has taken it off a network';
const but = (service: string, more: Partial<Running>): readonly Running[] =>
  GOOD.map((each) => (each.service === service ? { ...each, ...more } : each));

describe('what is in force', { timeout: 60_000 }, () => {
  it('is what Docker says of every service', () => {
    expect(judged({ running: GOOD })).toEqual(['in force']);
  });

  it('is not another configuration, nor another image, that Compose would replace', () => {
    const would = ['shop-web-1  Recreate', 'shop-web-1  Recreated'];
    expect(judged({ running: but('web', { hash: 'old' }), would })).toEqual([
      'not in force: web runs with other settings',
    ]);
    expect(judged({ running: but('web', { image: 'sha256:old' }), would })).toEqual([
      'not in force: web runs another image',
    ]);
  });

  it('is also what was started by itself, of which the id of the container whose network it has is part', () => {
    const running = but('web', { hash: 'of an id' });
    const would = ['shop-web-1  Recreate', 'shop-once-1  Recreate'];
    expect(judged({ running, would, wouldAlone: ['shop-web-1  Running'] })).toEqual(['in force']);
    expect(judged({ running, would, wouldAlone: ['shop-web-1  Recreate'] })).toEqual([
      'not in force: web runs with other settings',
    ]);
  });

  it('is also what was started by itself, for which some versions of Compose know of no dependencies', () => {
    const config = {
      networks: { depends_on: { a: null } },
      services: {
        depends_on: { image: 'x', depends_on: { b: { condition: 'service_started', required: true } } },
        web: {
          depends_on: { a: { condition: 'x' }, b: { condition: 'y' } },
          image: 'depends_on',
          labels: { depends_on: '{' },
        },
        z: { image: 'y', environment: { depends_on: '1' } },
      },
    };
    const script = `${CONFIG}${STRATEGY}${IN_FORCE}
cat <<'E' | without_dependencies
${JSON.stringify(config, null, 2)}
E`;
    const { services, ...rest } = config;
    const alone = Object.fromEntries(
      Object.entries(services).map(([name, service]) => [
        name,
        Object.fromEntries(Object.entries(service).filter(([member]) => member !== 'depends_on')),
      ]),
    );
    expect(parse(inNextVmShell({}, script).join('\n'))).toEqual({ ...rest, services: alone });
  });

  it('is what Compose takes for the same, however it is spelled', () => {
    expect(judged({ running: but('web', { hash: 'spelled otherwise' }), would: ['shop-web-1  Running'] })).toEqual([
      'in force',
    ]);
    // Of another service is no word on this one.
    expect(judged({ running: but('web', { hash: 'other' }), would: ['shop-web-server-1  Recreate'] })).toEqual([
      'in force',
    ]);
  });

  it('is not without a container, unless none is wanted', () => {
    const [web = { service: '' }] = GOOD;
    expect(judged({ running: [web], would: ['shop-once-1  Create'] })).toEqual(['not in force: once has no container']);
    const none = { ...SERVICES, once: { image: 'y', scale: 0 } };
    expect(judged({ running: [web], services: none })).toEqual(['in force']);
  });

  it('is what was made anew, where somebody had taken it off one of its networks', () => {
    const running = but('web', { networks: ['shop_default'] });
    expect(judged({ running, mended: GOOD })).toEqual([OFF, 'in force']);
    expect(judged({ running, mended: GOOD, strict: false })).toEqual([OFF, 'in force']);
  });

  it('is not without one of its networks', () => {
    expect(judged({ running: but('web', { networks: ['shop_default'] }) })).toEqual([
      OFF,
      'not in force: web is not on the network shop_own_net',
    ]);
  });

  it('is not with other settings of a network or volume', () => {
    expect(judged({ running: GOOD, differs: ['network\tshop_own_net\tinternal'] })).toEqual([
      'not in force: the network shop_own_net differs in internal',
    ]);
    expect(judged({ running: GOOD, differs: ['volume\tshop_data\tdriver'] })).toEqual([
      'not in force: the volume shop_data differs in driver',
    ]);
  });

  it('is only said, and holds nobody up, on the way back', () => {
    expect(judged({ running: but('web', { networks: [] }), strict: false })).toEqual([
      OFF,
      'not in force: web is not on the network shop_default; web is not on the network shop_own_net',
      'in force',
    ]);
    expect(judged({ running: GOOD, mode: 'rollback', differs: ['volume\tshop_data\tdriver'] })).toEqual([
      'not in force: other settings of shop_data ',
      'in force',
    ]);
  });
});

it('is compared also where a service may depend on one that is in no active profile', () => {
  const wait = { condition: 'service_started', required: false };
  const services = {
    db: { image: 'x' },
    web: { depends_on: { db: wait, ghost: wait }, labels: { depends_on: 'no', ghost: 'no' }, image: 'x' },
    alone: { depends_on: { ghost: wait }, image: 'x' },
  };
  const text = JSON.stringify({ name: 'shop', services, configs: { ghost: { content: '{' } } }, null, 2);
  const lines = inNextVmShell({}, `${IN_FORCE}\nreadable_again <<'E'\n${text}\nE`);
  expect(parse(lines.join('\n'))).toEqual({
    name: 'shop',
    services: {
      ...services,
      web: { ...services.web, depends_on: { db: wait } },
      alone: { ...services.alone, depends_on: {} },
    },
    configs: { ghost: { content: '{' } },
  });
});
