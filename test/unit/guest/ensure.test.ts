import { describe, expect, it } from 'vitest';
import { keysChange } from '../../../src/lib/guest/ensure/authorized-keys.js';
import { parseObserved } from '../../../src/lib/guest/ensure/check.js';
import { mergeDaemonConfig } from '../../../src/lib/guest/ensure/daemon-config.js';
import { judgeGuest, type DesiredGuest } from '../../../src/lib/guest/ensure/model.js';
import { repairScript } from '../../../src/lib/guest/ensure/script.js';
import { renderUnit } from '../../../src/lib/units/unit.js';
import { DESIRED_GUEST as desired } from '../../support/desired-guest.js';

const b64 = (text: string): string => Buffer.from(text).toString('base64');

const SSHD = 'passwordauthentication,no kbdinteractiveauthentication,no permitrootlogin,no ';
const DOCKER = '{"log-driver":"json-file","log-opts":{"max-size":"10m","max-file":"3"},"live-restore":true}';
const without = (key: string): string => JSON.stringify({ ...(JSON.parse(DOCKER) as object), [key]: undefined });

/** What a VM says in which nothing is to be done. */
const RIGHT: Readonly<Record<string, string>> = {
  kernel: 'own',
  init: 'systemd',
  sshd_user: SSHD,
  sshd_root: SSHD,
  secret_user: 'locked',
  secret_root: 'locked',
  keys: '',
  cloud_init: b64('ssh_deletekeys: false\n'),
  upgrades: 'on',
  docker_config: b64(DOCKER),
  docker_config_time: '1000',
  docker_started: '2000',
  swap: '/zebu.swap,1048572 ',
  swap_kept: 'yes',
  room_mb: '5000',
  disk_device: '/dev/sda',
  disk_partition: '1',
  disk_sectors: String(20 * 1024 * 2048),
  part_device: '/dev/sda1',
  part_start: '2048',
  part_sectors: String(20 * 1024 * 2048 - 4096),
  fs_type: 'ext4',
  fs_bytes: String(19 * 1024 ** 3),
};

const judge = (facts: Record<string, string> = {}, wish: Partial<DesiredGuest> = {}) => {
  const lines = Object.entries({ ...RIGHT, ...facts }).map(([name, value]) => `${name}=${value}`);
  return judgeGuest(parseObserved(lines.join('\n')), { ...desired, ...wish });
};

const keysOf = (facts: Record<string, string>, wish: Partial<DesiredGuest> = {}): readonly string[] =>
  judge(facts, wish).drift.map((row) => row.key);

describe('judgeGuest', () => {
  it('finds nothing to do in a VM that is as it should be', () => {
    expect(judge()).toEqual({ drift: [], unavailable: [] });
  });

  it.each([
    [{ sshd_user: SSHD.replace('passwordauthentication,no', 'passwordauthentication,yes') }, 'guest.sshd'],
    [{ sshd_user: SSHD.replace('kbdinteractiveauthentication,no', 'kbdinteractiveauthentication,yes') }, 'guest.sshd'],
    [{ sshd_root: SSHD.replace('permitrootlogin,no', 'permitrootlogin,without-password') }, 'guest.sshd'],
    [{ secret_root: 'set' }, 'guest.passwords'],
    [{ secret_user: 'empty' }, 'guest.passwords'],
    [{ cloud_init: '' }, 'guest.host_keys'],
    [{ upgrades: 'off' }, 'vm.security_upgrades'],
    [{ upgrades: 'missing' }, 'vm.security_upgrades'],
    [{ docker_config: b64(without('log-opts')) }, 'vm.container_log_mb'],
    [{ docker_config: b64(without('live-restore')) }, 'guest.live_restore'],
    [{ docker_config_time: '3000' }, 'vm.container_log_mb'],
    [{ swap: '' }, 'vm.swap_mb'],
    [{ swap_kept: '' }, 'vm.swap_mb'],
    [{ disk_sectors: String(40 * 1024 * 2048) }, 'guest.root_size'],
    [{ fs_bytes: String(2 * 1024 ** 3) }, 'guest.root_size'],
    [{ units: 'zebu-pull@shop.service,ok zebu-pull@shop.timer,disabled ' }, 'guest.units'],
  ])('sees %o', (facts, key) => {
    expect(keysOf(facts)).toEqual([key]);
  });

  it('sees units that zebu.yml asks for newly, or not any more, and packages they need', () => {
    const watch = {
      name: 'watch',
      summary: 'x',
      program: 'x',
      start: { every: 60 },
      limit: 1,
      rights: 'docker',
      writes: [],
    } as const;
    const unit = renderUnit(watch, { app: 'shop', base: '/opt/zebu/shop', user: 'deploy' });
    const wanted = { units: [unit], names: ['watch', 'notify'], packages: ['apprise'] };
    expect(judge({}, { wanted }).drift).toEqual([
      expect.objectContaining({ key: 'guest.wanted_units', wanted: 'watch', found: 'without watch as it is now' }),
    ]);
    expect(keysOf({ unit_digests: `watch,${unit.digest} pull,other ` }, { wanted })).toEqual([]);
    expect(judge({ unit_digests: `watch,older notify,gone pull,x ` }, { wanted }).drift[0]?.repair).toEqual({
      kind: 'wanted-units',
      change: { install: [unit], remove: ['notify'] },
    });
    expect(judge({ unit_digests: `watch,${unit.digest}`, packages_missing: 'apprise ' }, { wanted }).drift).toEqual([
      expect.objectContaining({
        key: 'guest.packages',
        found: 'without apprise',
        repair: { kind: 'packages', names: ['apprise'] },
      }),
    ]);
  });

  it('lets root in by key when root is the deploy user', () => {
    const loose = { sshd_root: SSHD.replace('permitrootlogin,no', 'permitrootlogin,prohibit-password') };
    expect(keysOf(loose, { user: 'root' })).toEqual([]);
  });

  it('says what a guest that shares its kernel cannot show', () => {
    const { drift, unavailable } = judge({ kernel: 'shared', swap: '', disk_sectors: '0' });
    expect(drift).toEqual([]);
    expect(unavailable.map((row) => row.key)).toEqual(['vm.swap_mb', 'guest.root_size']);
  });

  it('takes swap of others for its own, and none when none is wanted', () => {
    expect(keysOf({ swap: '/dev/sda2,2097148 ', swap_kept: '' })).toEqual([]);
    expect(keysOf({ swap: '', swap_kept: '' }, { swapMb: 0 })).toEqual([]);
    expect(keysOf({}, { swapMb: 0 })).toEqual(['vm.swap_mb']);
    expect(keysOf({}, { swapMb: 2048 })).toEqual(['vm.swap_mb']);
  });

  it('does not fill the disk with swap', () => {
    const { drift, unavailable } = judge({ swap: '', room_mb: '1500' });
    expect([drift, unavailable.map((row) => row.why)]).toEqual([
      [],
      ['the disk has 1500 MiB left, too little for 1024 MiB of swap'],
    ]);
  });

  it('has upgrades off when they are not wanted, and says why they cannot be had', () => {
    expect(keysOf({}, { securityUpgrades: false })).toEqual(['vm.security_upgrades']);
    expect(keysOf({ upgrades: 'unavailable' }, { securityUpgrades: false })).toEqual([]);
    expect(judge({ upgrades: 'unavailable' }).unavailable.map((row) => row.key)).toEqual(['vm.security_upgrades']);
  });

  it('is refused an answer that is none', () => {
    expect(() => parseObserved('sudo: a password is required')).toThrow(/could not be looked at/);
  });
});

const key = (name: string): string => `ssh-ed25519 ${b64(`blob of ${name}`).replaceAll('=', '')}`;

describe('keysChange', () => {
  it('adds what is missing and takes away what zebu.yml does not name', () => {
    const current = `# by hand\n${key('a')} a@laptop\n${key('b')} b@laptop\n`;
    const { text, missing, extra } = keysChange(current, [`${key('a')} other comment`, `${key('c')} c@laptop`]);
    expect(text).toBe(`# by hand\n${key('a')} a@laptop\n${key('c')} c@laptop\n`);
    expect(missing).toEqual([expect.stringMatching(/^c@laptop SHA256:/)]);
    expect(extra).toEqual([expect.stringMatching(/^b@laptop SHA256:/)]);
  });

  it('knows a key with options before it', () => {
    const current = `from="192.0.2.0/24",no-pty ${key('a')} a\n`;
    expect(keysChange(current, [key('a')])).toEqual({ text: current, missing: [], extra: [] });
  });
});

describe('mergeDaemonConfig', () => {
  const merge = (text: string, megabytes = 30, swarm = false) => mergeDaemonConfig(text, { megabytes, swarm });

  it('keeps every other key', () => {
    const { text } = merge('{"storage-driver":"overlay2","log-opts":{"labels":"x"}}', 60);
    expect(JSON.parse(text)).toEqual({
      'storage-driver': 'overlay2',
      'log-opts': { labels: 'x', 'max-size': '20m', 'max-file': '3' },
      'live-restore': true,
    });
  });

  it('writes one where there is none, and nothing where it is right', () => {
    expect(merge('')).toMatchObject({ logs: { kind: 'differs', found: 'no limit' }, liveRestore: { kind: 'differs' } });
    expect(merge(DOCKER)).toMatchObject({ logs: { kind: 'right' }, liveRestore: { kind: 'right' } });
  });

  it('leaves alone what sends logs elsewhere, and what it cannot read', () => {
    const journald = merge('{"log-driver":"journald"}');
    expect(journald).toMatchObject({ logs: { kind: 'left' }, liveRestore: { kind: 'differs' } });
    expect(JSON.parse(journald.text)).toEqual({ 'log-driver': 'journald', 'live-restore': true });
    expect(merge('{nonsense')).toMatchObject({ logs: { kind: 'left' }, liveRestore: { kind: 'left' } });
    expect(merge('[]')).toMatchObject({ logs: { kind: 'left' }, liveRestore: { kind: 'left' } });
  });

  it('leaves live-restore off where somebody wants it so, and in a swarm', () => {
    const off = merge('{"live-restore":false}');
    expect(off.liveRestore.kind).toBe('left');
    expect(JSON.parse(off.text)).toMatchObject({ 'live-restore': false });
    const swarm = merge('{}', 30, true);
    expect(swarm.liveRestore.kind).toBe('left');
    expect(JSON.parse(swarm.text)).not.toHaveProperty('live-restore');
  });
});

describe('repairScript', () => {
  it('calls what is needed, in order, then looks again', () => {
    const script = repairScript(desired, [
      { kind: 'sshd', rootLogin: 'no' },
      { kind: 'swap', mb: 512 },
      { kind: 'passwords', users: ['deploy', 'root'] },
    ]);
    const [, called = ''] = /^calls='((?:[^']|'\\'')*)'$/m.exec(script) ?? [];
    const calls = called.split('\n').slice(1);
    expect(calls.map((line) => line.split(' ')[0])).toEqual([
      'repair_sshd',
      'repair_swap',
      'repair_passwords',
      'check',
    ]);
    expect(calls[2]).toBe('repair_passwords deploy root');
  });
});
