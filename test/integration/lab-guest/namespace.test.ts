import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { NamespaceBackend } from '../../../plugins/lab/src/guest/namespace.js';
import { removeTree, treeDirectory } from '../../../plugins/lab/src/guest/namespace-tree.js';
import { AgentDown } from '../../../plugins/lab/src/guest/qga.js';
import { ensureImage } from '../../../plugins/lab/src/image/index.js';
import { bench, traces, until, USER, type Bench } from './machine.js';

const ADDRESS = '10.98.41.50';
const CACHE = process.env['ZEBU_LAB_CACHE'] ?? join(process.env['HOME'] ?? '/root', '.cache/zebu/lab');

describe.skipIf(process.getuid?.() !== 0)('a namespace guest', () => {
  let machine: Bench;
  let guest: NamespaceBackend;

  beforeAll(async () => {
    // What is here must not reach the guest.
    process.env['TMPDIR_OF_NO_GUEST'] = '/nowhere';
    const image = await ensureImage({ cacheDir: CACHE, log: (line) => process.stderr.write(`${line}\n`) });
    guest = new NamespaceBackend({ rootfs: image.rootfs });
    machine = await bench(41);
    await machine.seed(ADDRESS);
    await guest.start(machine.spec);
  }, 600_000);

  afterAll(async () => {
    await guest.stop(machine.spec);
    await machine.remove();
  });

  const file = async (path: string): Promise<string> => machine.ssh(ADDRESS, `cat ${path}`);

  it('runs, and says so to a backend that did not start it', async () => {
    const other = new NamespaceBackend({ rootfs: '/nowhere' });
    expect(await other.state(machine.spec)).toBe('running');
    await expect(other.start(machine.spec)).rejects.toThrow('already running');
  });

  it('answers through the guest agent, several callers at once', async () => {
    const agent = guest.agent(machine.spec);
    await until(20_000, async () => agent.call('guest-ping'));
    const answers = await Promise.all([
      agent.call('guest-get-host-name'),
      agent.call('guest-info'),
      agent.call('guest-get-osinfo'),
    ]);
    expect(answers[2]).toMatchObject({ id: 'debian', 'version-id': '13' });
  });

  it('passes the agent’s own refusals on', async () => {
    await expect(guest.agent(machine.spec).call('guest-no-such-thing')).rejects.toMatchObject({
      errorClass: 'CommandNotFound',
    });
  });

  it('lets the cloud-init user in with the key, under the name and address of the drive', async () => {
    const words = await until(30_000, async () => machine.ssh(ADDRESS, 'id -un; hostname -f; cat /etc/resolv.conf'));
    expect(words.split('\n').slice(0, 2)).toEqual([USER, 'app-1.lab.test']);
    expect(words).toContain('nameserver 10.98.0.53');
    expect(await machine.ssh(ADDRESS, 'sudo id -u')).toBe('0\n');
  });

  it('has an environment of its own', async () => {
    const found = await machine.ssh(ADDRESS, "sudo cat /proc/1/environ | tr '\\0' '\\n'");
    expect(found.split('\n').map((line) => line.split('=')[0])).toEqual(expect.arrayContaining(['PATH']));
    expect(found).not.toContain('TMPDIR_OF_NO_GUEST');
  });

  // Where what it wrote is in memory and its image on a disk, say. A rebuild does not take what is mounted for files of the machine.
  it('has one file system, whatever its image and what it wrote lie on', async () => {
    const devices = await machine.ssh(ADDRESS, 'echo x >new; stat -c %d / . new /etc/os-release; rm new');
    expect(new Set(devices.trim().split('\n')).size).toBe(1);
  });

  it('reports its card and address through the agent, by MAC', async () => {
    const cards = (await guest.agent(machine.spec).call('guest-network-get-interfaces')) as {
      'hardware-address': string;
      'ip-addresses': unknown;
    }[];
    const card = cards.find((each) => each['hardware-address'] === machine.spec.nics[0]?.mac.toLowerCase());
    expect(card?.['ip-addresses']).toContainEqual({ 'ip-address': ADDRESS, 'ip-address-type': 'ipv4', prefix: 24 });
  });

  it('builds and runs a container', async () => {
    await until(30_000, async () => machine.ssh(ADDRESS, 'sudo docker version'));
    await machine.ssh(
      ADDRESS,
      'mkdir -p app && cp /bin/busybox app/ && printf "FROM scratch\\nCOPY busybox /busybox\\n" >app/Dockerfile',
    );
    await machine.ssh(ADDRESS, 'sudo docker build -q -t app app');
    const before = await guest.usage(machine.spec);
    expect(await machine.ssh(ADDRESS, 'sudo docker run --rm app /busybox echo from a container')).toBe(
      'from a container\n',
    );
    expect(await machine.ssh(ADDRESS, 'sudo docker info --format "{{.Driver}}"')).toBe('overlay2\n');
    expect(await machine.ssh(ADDRESS, 'sudo docker compose version --short')).toMatch(/^2\./);
    const after = await guest.usage(machine.spec);
    for (const name of ['cpu', 'netin', 'netout'] as const)
      expect(after[name]).toBeGreaterThan(before[name] ?? Infinity);
    expect(after.mem).toBeGreaterThan(1024 * 1024);
  }, 60_000);

  it('freezes and goes on', async () => {
    await guest.suspend(machine.spec);
    expect(await guest.state(machine.spec)).toBe('paused');
    await expect(guest.agent(machine.spec).call('guest-ping', undefined, 500)).rejects.toThrow(AgentDown);
    await guest.resume(machine.spec);
    expect(await guest.state(machine.spec)).toBe('running');
    await guest.agent(machine.spec).call('guest-ping');
  });

  it('keeps its disk and its host key over a clean shutdown, and leaves nothing on the machine meanwhile', async () => {
    const key = await file('/etc/ssh/ssh_host_ed25519_key.pub');
    await machine.ssh(ADDRESS, 'echo kept >kept');
    expect(await guest.shutdown(machine.spec, 20_000)).toBe(true);
    expect(await guest.state(machine.spec)).toBe('stopped');
    expect(await traces(machine.spec)).toEqual([]);

    await guest.start(machine.spec);
    expect(await until(30_000, async () => file('kept'))).toBe('kept\n');
    expect(await file('/etc/ssh/ssh_host_ed25519_key.pub')).toBe(key);
    expect(await readFile(guest.serialLog(machine.spec), 'utf8')).toContain('powered off');
  }, 60_000);

  it('makes another host key on another disk, and takes an address by DHCP', async () => {
    const key = await file('/etc/ssh/ssh_host_ed25519_key.pub');
    await guest.stop(machine.spec);
    await removeTree(machine.spec.disks[0]?.file ?? '');
    await machine.seed('dhcp');
    await guest.start(machine.spec);
    const address = await until(30_000, async () => {
      const cards = JSON.stringify(await guest.agent(machine.spec).call('guest-network-get-interfaces'));
      return /10\.98\.41\.1[0-2]\d/.exec(cards)?.[0];
    });
    const other = await until(30_000, async () => machine.ssh(address, 'cat /etc/ssh/ssh_host_ed25519_key.pub'));
    expect(other).not.toBe(key);
  }, 60_000);

  it('powers off when the guest itself asks, and is cleaned up at the next question', async () => {
    await guest.agent(machine.spec).call('guest-shutdown', { mode: 'powerdown' });
    await until(20_000, async () => ((await guest.state(machine.spec)) === 'stopped' ? true : undefined));
    expect(await traces(machine.spec)).toEqual([]);
    await expect(stat(join(treeDirectory(machine.spec.disks[0]?.file ?? ''), 'upper'))).resolves.toBeDefined();
  });
});
