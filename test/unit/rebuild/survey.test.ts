import { describe, expect, it } from 'vitest';
import { leftBehind } from '../../../src/lib/rebuild/left-behind.js';
import { network, networkOptions } from '../../../src/lib/rebuild/networks.js';
import { requireShort } from '../../../src/lib/rebuild/trees.js';
import { parseSurvey, requireMovable } from '../../../src/lib/rebuild/survey.js';

const EDGE = {
  Name: 'edge',
  Driver: 'bridge',
  EnableIPv6: true,
  Internal: true,
  IPAM: {
    Driver: 'default',
    Options: null,
    Config: [{ Subnet: '10.9.0.0/24', Gateway: '10.9.0.1', IPRange: '' }, { Subnet: 'fd00:9::/64' }],
  },
  Options: { 'com.docker.network.driver.mtu': '1400' },
  Labels: {},
};

const SAID = [
  'volume\tshop_db\t/var/lib/docker/volumes/shop_db/_data\t2048\t{"com.docker.compose.project":"shop"}',
  'volume\told\t/var/lib/docker/volumes/old/_data\t4\tnull',
  'folder\t/srv/my files\t8',
  'base\t100',
  'image\tzebu/shop-web:0123456789ab',
  'pulled\tpostgres@sha256:aa\tlive',
  'pulled\tpostgres@sha256:bb\tolder',
  'images\t500',
  `network\t${JSON.stringify(EDGE)}`,
  'file\t/etc/shop.conf\t4',
  'system\t/etc/ssl/certs',
  'unit\tzebu-watch@shop.timer\tenabled',
  'unit\tzebu-watch@shop.service\tstatic',
  '',
].join('\n');

describe('what of an app is in a machine', () => {
  it('is its folder, volumes and what is mounted from outside', () => {
    const { trees, images, imageBytes, pulled, networks, units } = parseSurvey(SAID, '/opt/zebu/shop');
    expect(trees.map(({ what, path, bytes }) => [what, path, bytes])).toEqual([
      ['the folder of the app', '/opt/zebu/shop', 102_400],
      ['volume shop_db', '/var/lib/docker/volumes/shop_db/_data', 2_097_152],
      ['volume old', '/var/lib/docker/volumes/old/_data', 4096],
      ['/srv/my files', '/srv/my files', 8192],
      ['/etc/shop.conf', '/etc/shop.conf', 4096],
    ]);
    expect(trees.map(({ file }) => file === true)).toEqual([false, false, false, false, true]);
    // What is under way in the one machine is not the other's.
    expect(trees[0]?.without).toEqual(expect.arrayContaining(['lock', 'transaction', 'rebuild-stopped']));
    expect(trees[1]?.volume).toEqual({ name: 'shop_db', labels: { 'com.docker.compose.project': 'shop' } });
    expect(trees[0]?.without).toContain('rebuild-units');
    expect([images, imageBytes, pulled, networks.map(({ Name }) => Name)]).toEqual([
      ['zebu/shop-web:0123456789ab'],
      512_000,
      [
        { name: 'postgres@sha256:aa', live: true },
        { name: 'postgres@sha256:bb', live: false },
      ],
      ['edge'],
    ]);
    expect(units.filter(({ enabled }) => enabled).map(({ file }) => file)).toEqual(['zebu-watch@shop.timer']);
  });

  it('is refused where it would be left behind without a word', () => {
    const base = '/opt/zebu/shop';
    const refused = (rows: string, leave = false): string => {
      try {
        requireMovable(parseSurvey(`base\t1\n${rows}\n`, base), leave);
        return '';
      } catch (error) {
        expect(error).toMatchObject({ code: 'VM_DIFFERS', hint: expect.stringMatching(/.{20}/) as string });
        return (error as Error).message;
      }
    };
    expect(refused('refused\tmounted\t/mnt/nas\t/mnt/nas', true)).toContain('/mnt/nas is mounted into a service');
    expect(refused('refused\tmounted\t/srv/nas\t/srv')).toContain('/srv/nas is a file system of its own, within /srv');
    expect(refused('refused\tsystem\t/etc\t')).toContain('/etc is mounted into a service, which may write there');
    for (const why of ['link', 'device', 'kind', 'driver', 'by-hand', 'options', 'of-tomorrow'])
      expect(refused(`refused\t${why}\tthat\tmore`)).toContain('that');
    expect(refused('stopped\tworker')).toContain('Stopped on purpose: worker');
    expect(refused('unnamed\tcache\t/data\t12')).toContain('/data');
    expect(refused('unnamed\tcache\t/data\t12', true)).toBe('');
    expect(refused('system\t/etc/ssl/certs')).toBe('');
    const other = (change: object): string => refused(`network\t${JSON.stringify({ ...EDGE, ...change })}`);
    expect(other({})).toBe('');
    expect(other({ Driver: 'macvlan' })).toContain('macvlan');
    expect(other({ IPAM: { ...EDGE.IPAM, Driver: 'mine' } })).toContain('edge');
  });

  it('has networks with the addresses that they had', () => {
    expect(networkOptions(network.parse(EDGE)).join(' ')).toBe(
      '--driver bridge --internal --ipv6 --opt com.docker.network.driver.mtu=1400 --subnet 10.9.0.0/24 --gateway 10.9.0.1 --subnet fd00:9::/64',
    );
  });

  it('is named where it stays behind', () => {
    const none = parseSurvey('base\t1\n', '/opt/zebu/shop');
    const rule = { pos: 0, type: 'in', action: 'ACCEPT' };
    const config = { net0: 'virtio=AA', scsi0: 'a:1', ide2: 'a:cloudinit', sata0: 'none,media=cdrom', cores: '2' };
    expect(leftBehind(config, none, [{ ...rule, comment: 'zebu: ssh' }])).toEqual([]);
    const [line] = leftBehind({ ...config, net1: 'virtio', scsi1: 'a:2', hostpci0: '0', startup: 'order=1' }, none, [
      { ...rule, comment: 'mine' },
      rule,
    ]);
    for (const key of ['net1', 'scsi1', 'hostpci0', 'startup', 'by hand (2)']) expect(line).toContain(key);
    expect(leftBehind(config, parseSurvey(SAID, '/opt/zebu/shop'), [])[0]).toContain('/etc/ssl/certs');
  });

  it('is not sent once more as a whole where that takes long', () => {
    const { trees } = parseSurvey('base\t10000000\n', '/opt/zebu/shop');
    expect(() => requireShort(trees, 10_000_000)).toThrow(/17 minutes/);
    expect(() => requireShort(trees, 100_000_000)).not.toThrow();
    expect(() => requireShort(parseSurvey('base\t40000\n', '/').trees, undefined)).not.toThrow();
  });
});
