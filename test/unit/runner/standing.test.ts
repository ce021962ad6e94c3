import { describe, expect, it } from 'vitest';
import CONFIG from '../../../src/lib/runner/config.sh';
import STANDING from '../../../src/lib/runner/standing.sh';
import { inNextVmShell } from '../../support/vm-shell.js';

interface Kept {
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/**
 * What differs between the configuration and what Docker says is there.
 * @param there lines `kind name setting`, as Docker's template prints them
 * @param before configurations of releases that are there
 */
function differs(now: Kept, there: readonly string[], before: readonly Kept[] = []): readonly string[] {
  const config = (kept: Kept): string =>
    JSON.stringify({ name: 'shop', services: { web: { image: 'x', labels: { no: 'setting' } } }, ...kept }, null, 2);
  /** The app's folder is that of the stand-ins. */
  const here = (text: string): string => text.replaceAll(/[\\$]/g, '\\$&').replaceAll('/opt/zebu/shop', '$base');
  const found = (kind: string): string =>
    there
      .filter((line) => line.startsWith(kind))
      .map((line) => line.replace(/^(\S+) (\S+) /, '$1\t$2\t'))
      .join('\n');
  const docker = '[ "$1" = volume ] && cat "$folder/volumes" || cat "$folder/networks"';
  const script = `
work=$folder base=$folder/base
timeout() { shift; "$@"; }
${CONFIG}${STANDING}
tree=$folder/tree
cat >$folder/volumes <<'E'
${found('volume')}
E
cat >$folder/networks <<'E'
${found('network')}
E
${before
  .map(
    (kept, index) => `mkdir -p $base/releases/old${index}
cat >$work/config <<E
${here(config(kept))}
E
standing_wanted <$work/config >$base/releases/old${index}/standing
`,
  )
  .join('')}
release=$base/releases/new
mkdir -p $release
cat >$work/config <<E
${here(config(now))}
E
standing_wanted <$work/config >$release/standing
standing_differs
tr '\\t' ' ' <$work/differs
if check_standing; then echo allowed; else echo "refused: $reason"; fi
# The same before a deploy, where nothing is written down beside the releases.
rm -r $release
said=$reason release=$folder/plan
mkdir -p $release && plan_standing && [ -z "$said" ] || [ "$reason" = "$said" ] || echo "planned otherwise: $reason"`;
  return inNextVmShell({ docker }, script);
}

const data = { name: 'shop_data' };
const net = { name: 'shop_net', ipam: {} };

describe('networks and volumes that are there', { timeout: 60_000 }, () => {
  it('are as wanted when nobody gave them settings, whatever Docker has of its own', () => {
    const there = [
      'volume shop_data here',
      'volume shop_data driver local',
      'volume shop_data labels "com.docker.compose.volume":"data"',
    ];
    expect(differs({ volumes: { data }, networks: { net } }, there)).toEqual(['allowed']);
  });

  it('differ by an option, a label or the driver', () => {
    const there = [
      'volume shop_data here',
      'volume shop_data driver local',
      'volume shop_data driver_opts "o":"size=1m"',
      'volume shop_data labels "kind":"a"',
    ];
    const wanted = { ...data, driver: 'nfs', driver_opts: { o: 'size=2m' }, labels: { kind: 'b' } };
    expect(differs({ volumes: { data: wanted } }, there)).toEqual([
      'volume shop_data driver',
      'volume shop_data driver_opts "o"',
      'volume shop_data labels "kind"',
      'refused: Docker cannot change the settings of a volume that is there: shop_data (driver, driver_opts "o", labels "kind"); take the change back, give the volume another name and move its data, or remove it when it holds nothing that is needed (docker volume rm)',
    ]);
    const same = { ...data, driver: 'local', driver_opts: { o: 'size=1m' }, labels: { kind: 'a' } };
    expect(differs({ volumes: { data: same } }, there)).toEqual(['allowed']);
  });

  it('do not differ when they are not there yet, or not of the app', () => {
    const wanted = { ...data, driver_opts: { o: 'size=2m' } };
    expect(differs({ volumes: { data: wanted } }, [])).toEqual(['allowed']);
    const there = ['volume shop_data here', 'volume shop_data driver_opts "o":"size=1m"'];
    expect(differs({ volumes: { data: { ...wanted, external: true } } }, there)).toEqual(['allowed']);
  });

  it('are refused where they are external and not there, unless a hook may make them', () => {
    const external = {
      networks: { proxy: { name: 'proxy', external: true } },
      volumes: { d: { name: 'kept', external: true } },
    };
    const said = (answers: string, hook = ''): readonly string[] =>
      inNextVmShell(
        { docker: `case "$1 $2" in ${answers} *) : ;; esac` },
        `
work=$folder base=$folder release=$folder/release tree=$folder/tree
mkdir -p $release $tree/.zebu/hooks
${hook === '' ? '' : `: >$tree/.zebu/hooks/${hook}`}
timeout() { shift; "$@"; }
${CONFIG}${STANDING}
cat >$work/config <<'E'
${JSON.stringify({ name: 'shop', services: {}, ...external }, null, 2)}
E
if check_standing; then echo allowed; else echo "$cause: $reason"; fi`,
      );
    expect(said('')).toEqual(['allowed']);
    expect(said("'network inspect') exit 1 ;;")).toEqual([
      'compose-invalid: the network proxy is external, and there is none in the VM: make it there (docker network create proxy), or take external out',
    ]);
    expect(said("'volume inspect') exit 1 ;;")).toEqual([
      'compose-invalid: the volume kept is external, and there is none in the VM: make it there (docker volume create kept), or take external out',
    ]);
    expect(said("'volume inspect') exit 1 ;;", 'pre-deploy')).toEqual(['allowed']);
    expect(said('*) exit 1 ;;')).toEqual(['allowed']);
  });

  it('differ by what a release before had asked for, and this one does not', () => {
    const there = [
      'network shop_net here',
      'network shop_net driver_opts "com.docker.network.driver.mtu":"1400"',
      'network shop_net driver_opts "added.by.docker":"1"',
    ];
    const before = { networks: { net: { ...net, driver_opts: { 'com.docker.network.driver.mtu': '1400' } } } };
    expect(differs({ networks: { net } }, there, [before])).toEqual([
      'network shop_net driver_opts "com.docker.network.driver.mtu"',
      'allowed',
    ]);
    expect(differs({ networks: { net } }, there)).toEqual(['allowed']);
  });

  it('differ by a subnet, and by being internal', () => {
    const wanted = { name: 'shop_net', internal: true, ipam: { config: [{ subnet: '10.1.0.0/24' }] } };
    const there = ['network shop_net here', 'network shop_net internal false', 'network shop_net subnet 10.2.0.0/24'];
    expect(differs({ networks: { net: wanted } }, there)).toEqual([
      'network shop_net internal',
      'network shop_net subnet',
      'allowed',
    ]);
  });

  it('differ by an address that is kept for somebody else, and by who gives addresses out', () => {
    const ipam = (router: string): object => ({
      name: 'shop_net',
      ipam: { driver: 'default', config: [{ subnet: '10.1.0.0/24', aux_addresses: { router } }] },
    });
    const there = [
      'network shop_net here',
      'network shop_net subnet 10.1.0.0/24',
      'network shop_net ipam_driver default',
      'network shop_net aux_addresses "router":"10.1.0.9"',
    ];
    expect(differs({ networks: { net: ipam('10.1.0.9') } }, there)).toEqual(['allowed']);
    expect(differs({ networks: { net: ipam('10.1.0.8') } }, there)).toEqual([
      'network shop_net aux_addresses "router"',
      'allowed',
    ]);
  });

  it('are not refused before a deploy for a setting with a secret, which is not read there', () => {
    const secret = (o: string): Kept => ({ volumes: { data: { ...data, driver_opts: { type: 'cifs', o } } } });
    const there = [
      'volume shop_data here',
      'volume shop_data driver_opts "type":"cifs"',
      'volume shop_data driver_opts "o":"username=ann,password=hunter22222"',
    ];
    const plan = (o: string): readonly string[] =>
      differs(secret(o), there, [secret('username=ann,password=hunter22222')]);
    expect(plan('username=ann,password=hunter22222')).toEqual(['allowed']);
    const marked = plan('username=ann,password=zebu-marker-PASSWORD-end');
    // Here the deploy itself is given a marker, and refuses; the plan does not.
    expect(marked.at(-1)).toBe('planned otherwise:');
    expect(plan('username=bob').at(-1)).toMatch(/^refused: .*shop_data \(driver_opts "o"\)/);
  });

  it('do not differ by a folder of the project, for which it is decided elsewhere where it is kept', () => {
    const options = (device: string): Readonly<Record<string, unknown>> => ({
      data: { ...data, driver_opts: { type: 'none', o: 'bind', device } },
    });
    const there = [
      'volume shop_data here',
      'volume shop_data driver_opts "type":"none"',
      'volume shop_data driver_opts "o":"bind"',
      'volume shop_data driver_opts "device":"/opt/zebu/shop/shared/mounts/data"',
    ];
    const before = { volumes: options('/opt/zebu/shop/releases/old/tree/data') };
    expect(differs({ volumes: options('/opt/zebu/shop/releases/new/tree/data') }, there, [before])).toEqual([
      'allowed',
    ]);
    expect(differs({ volumes: options('/srv/data') }, there)[0]).toBe('volume shop_data driver_opts "device"');
  });

  it('are compared as Compose and Docker both write them', () => {
    const wanted = { ...data, labels: { say: '<a> & $$b "c" \\' } };
    const there = `volume shop_data labels "say":${JSON.stringify('<a> & $b "c" \\')}`;
    expect(differs({ volumes: { data: wanted } }, ['volume shop_data here', there])).toEqual(['allowed']);
  });
});
