/** How the SSH transport gets to the node's API server, and what it does where that cannot be had. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { Transport } from '../../../plugins/kit/src/index.js';
import { killZebu } from '../../support/cli.js';
import { fault } from '../../support/lab-control.js';
import { onHost } from '../../support/lab-host.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import { makeProject } from '../../support/project.js';
import { ask, connect, keyWithoutForwarding, type Way } from '../../support/transports.js';

const shared = theLab();
const folder = mkdtempSync(join(tmpdir(), 'zebu-channel-'));
let transport: Transport | undefined;

const open = async (lab = shared, way: Way = 'ssh'): Promise<Transport> => (transport = await connect(lab, way));
const version = (): Promise<unknown> => ask(transport as Transport, 'GET', '/version');
const answered = expect.objectContaining({ version: expect.any(String) as string }) as unknown;
/** What `doctor` would warn of; undefined when Proxmox is asked the way it should be. */
const detour = async (): Promise<string | undefined> => (await transport?.concerns?.())?.[0]?.what;

afterEach(async () => {
  await transport?.close();
  transport = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the transport ssh', () => {
  it("asks the node's API server", async () => {
    await open();
    expect(await version()).toEqual(answered);
    expect(await detour()).toBeUndefined();
  });

  it('asks pvesh where sshd forwards nothing, and says so', async () => {
    await open(shared, 'ssh without forwarding');
    expect(await version()).toEqual(answered);
    expect(await detour()).toMatch(/is asked through pvesh, which is slower: .*127\.0\.0\.1:8006/);
  });

  it('lets doctor say so, with what to do', async () => {
    const project = makeProject({ lab: shared, app: 'detour' });
    try {
      const env = { ZEBU_PROXMOX_IDENTITY_FILE: keyWithoutForwarding(shared) };
      const { stdout } = await project.zebu(['doctor'], { env });
      expect(stdout).toMatch(/^warn {2}proxmox .*pvesh[^]*AllowTcpForwarding/m);
    } finally {
      project.remove();
    }
  });

  it.each(['GET', 'PUT'])(
    'makes a new ticket when the node does not take the old one any more (%s)',
    async (method) => {
      const reason = 'permission denied - invalid PVE ticket';
      await open();
      await version();
      await fault(shared, { kind: 'status', method, path: '/nodes', status: 401, reason });
      const again =
        method === 'GET'
          ? ask(transport as Transport, 'GET', '/nodes')
          : ask(transport as Transport, 'PUT', `/nodes/${shared.node}/qemu/99998/config`, { cores: 1 });
      if (method === 'GET') expect(await again).toHaveLength(1);
      else await expect(again).rejects.toMatchObject({ details: { status: 500 } });
    },
  );

  it('gives up when a new one is not taken either', async () => {
    await open();
    await version();
    await fault(shared, {
      kind: 'status',
      method: 'GET',
      path: '/cluster/nextid',
      status: 401,
      reason: 'no',
      count: 2,
    });
    await expect(ask(transport as Transport, 'GET', '/cluster/nextid')).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.not.stringMatching(/token/) as string,
    });
  });
});

describe('a node of which not all is as usual', () => {
  let own: OwnLab;
  const write = (file: string, text: string): string =>
    onHost(own.report, 'sh', '-c', 'printf %s "$2" >"$1"', 'sh', file, text);
  const [PROXY, NODE] = ['/etc/pve/local/pveproxy-ssl.pem', '/etc/pve/local/pve-ssl.pem'];

  beforeAll(async () => {
    own = await ownLab('channel');
  });
  afterAll(async () => own.down());

  it('is sent no ticket when what listens there has not the certificate of the node', async () => {
    const cert = join(folder, 'other.pem');
    const argv = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    spawnSync('openssl', [...argv, '-subj', '/CN=pve', '-keyout', join(folder, 'other.key'), '-out', cert]);
    const right = onHost(own.report, 'cat', NODE);
    write(NODE, readFileSync(cert, 'utf8'));
    try {
      await open(own.report);
      expect(await version()).toEqual(answered);
      expect(await detour()).toMatch(/pvesh.*certificate/);
      await transport?.close();
      // One that was installed for the web interface is the node's as well.
      write(PROXY, right);
      await open(own.report);
      expect(await version()).toEqual(answered);
      expect(await detour()).toBeUndefined();
    } finally {
      write(NODE, right);
      onHost(own.report, 'rm', '-f', PROXY);
    }
  });

  it('is asked where pveproxy was told to listen, when that is not the loopback', async () => {
    // The other address of the node in the lab; on its loopback nothing answers then.
    write(
      '/etc/default/pveproxy',
      `ALLOW_FROM="all"\nLISTEN_IP="${own.report.network.gateway.replace(/\.1$/, '.2')}"\n`,
    );
    try {
      await open(own.report);
      expect(await version()).toEqual(answered);
      expect(await detour()).toBeUndefined();
    } finally {
      onHost(own.report, 'rm', '/etc/default/pveproxy');
    }
  });

  it('is asked through pvesh where root@pam was disabled: its tickets are not taken then', async () => {
    const cfg = '/etc/pve/user.cfg';
    write(cfg, 'user:root@pam:0:0::::::\nuser:zebu@pve:1:0::::::\n');
    try {
      await open(own.report);
      expect(await version()).toEqual(answered);
      expect(await detour()).toMatch(/pvesh.*user 'root@pam' is disabled/);
      await transport?.close();
      write(cfg, 'user:root@pam:1:0::::::\n');
      await open(own.report);
      expect(await version()).toEqual(answered);
      expect(await detour()).toBeUndefined();
    } finally {
      write(cfg, 'user:root@pam:1:0::::::\n');
    }
  });

  it.each([
    ['as usual', 'true', 'PVE::Ticket'],
    ['where its key is due to be changed', 'touch -d "1 day ago" /etc/pve/authkey.pub', 'PVE::AccessControl'],
    [
      'where its keys do not fit',
      'openssl genrsa 2048 | openssl rsa -pubout >/etc/pve/authkey.pub',
      'PVE::AccessControl',
    ],
    ['where root@pam has an end', 'echo "user:root@pam:1:4000000000:::::" >/etc/pve/user.cfg', 'PVE::AccessControl'],
    ['where root@pam stands twice', 'echo " user:root@pam:1:0:::::" >>/etc/pve/user.cfg', 'PVE::AccessControl'],
  ])('makes a ticket the short way %s, else the long one', async (_, script, by) => {
    onHost(own.report, 'sh', '-c', 'mkdir /root/saved && cp -p /etc/pve/user.cfg /etc/pve/authkey.pub /root/saved/');
    const project = makeProject({ lab: own.report, app: 'ticket' });
    try {
      onHost(own.report, 'sh', '-c', `{ ${script}; } 2>/dev/null`);
      const { stderr } = await project.zebu(['vm:status'], { env: { ZEBU_DEBUG: '1' } });
      expect(stderr).toContain(`ticket made by ${by}\n`);
      expect(stderr).toContain('through a channel to port 8006');
      expect(stderr).not.toMatch(/PVE:root@pam:/);
    } finally {
      onHost(
        own.report,
        'sh',
        '-c',
        'cd /root/saved && for f in *; do cp -p "$f" "/etc/pve/$f"; done; rm -r /root/saved',
      );
      project.remove();
    }
  });

  it('makes it the long way when one of the short way is not taken', async () => {
    const project = makeProject({ lab: own.report, app: 'ticket' });
    try {
      const reason = 'permission denied - invalid PVE ticket';
      await fault(own.report, { kind: 'status', method: 'GET', path: '/cluster/resources', status: 401, reason });
      const { stderr } = await project.zebu(['vm:status'], { env: { ZEBU_DEBUG: '1' } });
      expect(stderr.match(/ticket made by \S+/g)).toEqual([
        'ticket made by PVE::Ticket',
        'ticket made by PVE::AccessControl',
      ]);
      expect(stderr).toContain('There is no VM');
    } finally {
      project.remove();
    }
  });

  it('is asked on a new channel when making the ticket took longer than pveproxy waits for a first word', async () => {
    // The first channel is opened beside it. Perl reads who may log in from a pipe that is silent for longer.
    const cfg = '/etc/pve/user.cfg';
    const late = '(sleep 8; echo "user:root@pam:1:0::::::" >"$1") >/dev/null 2>&1 &';
    onHost(own.report, 'sh', '-c', `rm "$1"; mkfifo "$1"; ${late}`, 'sh', cfg);
    try {
      await open(own.report);
      expect(await version()).toEqual(answered);
      expect(await detour()).toBeUndefined();
    } finally {
      onHost(own.report, 'rm', '-f', cfg);
      write(cfg, 'user:root@pam:1:0::::::\n');
    }
  });

  it('keeps nothing of a zebu that was killed in the middle of a request', async () => {
    const project = makeProject({ lab: own.report, app: 'killed-channel' });
    const left = (): string => onHost(own.report, 'sh', '-c', LEFT);
    try {
      onHost(own.report, 'touch', '/etc/zebu-marker');
      const before = left();
      expect(before).toContain('loopback.js');
      await fault(own.report, { kind: 'hang', method: 'GET', path: '/cluster/resources', count: 9 });
      const at = 'through a channel to port 8006';
      const options = { cwd: project.folder, env: { ...project.env, ZEBU_DEBUG: '1' } };
      expect(await killZebu(['vm:status'], options, [at])).toBe(at);
      await expect.poll(left, { timeout: 5000 }).toBe(before);
    } finally {
      project.remove();
    }
  });
});

/** What runs on the node, but for this script and its connection, and which files were written since the marker. */
const LEFT = `
me=$(readlink /proc/self/ns/uts)
for each in /proc/[0-9]*; do
  [ "$(readlink "$each/ns/uts")" = "$me" ] || continue
  line=$(tr '\\0' ' ' <"$each/cmdline" 2>/dev/null)
  case $line in *zebu-marker* | *sshd* | readlink* | tr* | sh* | sort* | find*) ;; ?*) echo "$line" ;; esac
done | sort
find /etc /root /tmp /var/lib/zebu /run/user -newer /etc/zebu-marker -type f 2>/dev/null | sort
`;
