/** What the VM is in the end does not depend on where it came from: one zebu.yml, both provisioners, both transports. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { cacheImage, fromScript, standIn } from '../../support/community-script.js';
import { nodeOf } from '../../support/node.js';
import { makeProject, type Project, type TransportId } from '../../support/project.js';

const lab = theLab();
const node = nodeOf(lab);

/** Everything that may differ from VM to VM of the same kind: ids, addresses, times. */
const ITS_OWN =
  /^(digest|meta|vmgenid|smbios1|sshkeys)$|(?<=virtio=)([0-9A-F]{2}:){5}[0-9A-F]{2}|vm-\d+-disk-\d+|vm-\d+-cloudinit|local:\d+\/|size=\d+[KM]\b/g;

/** The machine it was born as: the script makes one with UEFI. The guest does not mind, and zebu does not change it. */
const BORN_AS = new Set(['bios', 'efidisk0', 'machine', 'tablet']);

/** What root sees inside, as one text. */
const INSIDE = String.raw`
sshd -T | grep -E '^(passwordauthentication|kbdinteractiveauthentication|permitrootlogin|pubkeyauthentication) ' | sort
cat /etc/ssh/sshd_config.d/00-zebu.conf /etc/cloud/cloud.cfg.d/99-zebu.cfg
for user in root deploy; do getent shadow $user | cut -d: -f2 | sed 's/^[*!].*/locked/'; done
id -nG deploy | tr ' ' '\n' | sort | tr '\n' ' '; echo
cut -d' ' -f1 /home/deploy/.ssh/authorized_keys; wc -l </home/deploy/.ssh/authorized_keys; stat -c '%a %U' /home/deploy/.ssh/authorized_keys
tr -d ' \n' </etc/docker/daemon.json; echo
apt-config dump APT::Periodic 2>/dev/null; dpkg-query -W -f '${'$'}{Status}\n' unattended-upgrades 2>&1 | head -n 1
awk '$3 == "swap"' /etc/fstab
docker --version; docker compose version --short
stat -c '%a %U %n' /opt/zebu
hostname`;

interface Seen {
  readonly diff: { readonly drift: readonly unknown[]; readonly unavailable: readonly unknown[] };
  readonly inside: string;
  readonly config: Readonly<Record<string, string>>;
  readonly options: unknown;
  readonly rules: readonly unknown[];
}

async function look(project: Project): Promise<Seen> {
  const { vmid } = await project.json<{ vmid: number }>(['vm:status']);
  const base = `/nodes/${lab.node}/qemu/${vmid}`;
  const config = await node.ask<Record<string, number | string>>('GET', `${base}/config`);
  const options = await node.ask<object>('GET', `${base}/firewall/options`);
  const rules = await node.ask<readonly object[]>('GET', `${base}/firewall/rules`);
  const run = await project.json<{ stdout: string }>(['vm:exec', '--', 'bash', '-c', INSIDE]);
  return {
    diff: await project.json(['vm:diff']),
    inside: run.stdout,
    config: Object.fromEntries(
      Object.entries(config)
        .filter(([name]) => name.replace(ITS_OWN, '') !== '' && !BORN_AS.has(name))
        .map(([name, value]) => [name, String(value).replace(ITS_OWN, '…')]),
    ),
    options: { ...options, digest: '' },
    rules: rules.map((rule) => ({ ...rule, digest: '' })),
  };
}

const made: Project[] = [];

async function make(provisioner: 'cloud-image' | 'community-script', transport: TransportId): Promise<Seen> {
  const project = makeProject({
    lab,
    app: 'same',
    transport,
    files: { 'compose.yml': 'services: {web: {image: web, ports: ["8080:80"]}}\n' },
    config: {
      vm: {
        provisioner,
        script: fromScript.script,
        swap_mb: 64,
        firewall: { ssh_from: ['10.0.0.0/8'], allow: [{ port: 5432, from: ['192.0.2.0/24'] }] },
      },
    },
  });
  made.push(project);
  standIn(project);
  await project.json(['vm:create']);
  const seen = await look(project);
  await project.json(['vm:destroy', '--yes']);
  return seen;
}

beforeAll(() => cacheImage(lab));
afterAll(async () => {
  for (const project of made) {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  }
});

it('is the same, inside and in Proxmox, and vm:diff finds nothing', { timeout: 600_000 }, async () => {
  const script = await make('community-script', 'ssh');
  const image = await make('cloud-image', 'api');
  expect(script.diff.drift).toEqual([]);
  expect(image.diff.drift).toEqual([]);
  expect(script.diff.unavailable).toEqual(image.diff.unavailable);
  expect(script.inside).toBe(image.inside);
  expect(script.config).toEqual(image.config);
  expect(script.options).toEqual(image.options);
  expect(script.rules).toEqual(image.rules);
  // And what is the same is right.
  expect(image.inside).toContain('passwordauthentication no\n');
  expect(image.inside).toContain('permitrootlogin no\n');
  expect(image.inside).toContain('"max-size":');
  expect(image.config).toMatchObject({ tags: 'zebu;zebu-app-same', agent: 'enabled=1', ciuser: 'deploy' });
  expect(image.config['net0']).toContain('firewall=1');
  expect(image.rules).toHaveLength(4);
});
