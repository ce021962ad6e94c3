import { describe, expect, it } from 'vitest';
import type { DesiredVm } from '../../../src/lib/vm/desired.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { findCopies, findOwn, isTemplate } from '../../../src/lib/proxmox/ownership.js';
import { thisMaker } from '../../../src/lib/temporary/maker.js';
import {
  canLink,
  fittingTemplate,
  inMaking,
  readTemplates,
  type Template,
} from '../../../src/lib/vm/provision/template/find.js';
import { fromTemplate } from '../../../src/lib/vm/provision/template/index.js';
import { isOutdated, templateKey, templateName } from '../../../src/lib/vm/provision/template/key.js';
import { keyInMaking, makingLine, readMark, templateNote } from '../../../src/lib/vm/provision/template/mark.js';
import { isUnneeded, judgeTemplates } from '../../../src/lib/vm/provision/template/unneeded.js';
import { BEGIN, fakeProxmox, refuses } from '../../support/fake-proxmox.js';
import { DESIRED_GUEST } from '../../support/desired-guest.js';

const KEY = 'a1b2c3d4'.padEnd(64, '0');
const OTHER = 'f'.repeat(64);
const NOW = new Date(BEGIN * 1000);
const daysAgo = (days: number): string => new Date(NOW.getTime() - days * 86_400_000).toISOString();

const IMAGE = {
  kind: 'url',
  url: 'https://example.org/debian-12.qcow2',
  algorithm: 'sha512',
  checksum: 'ab'.repeat(64),
  storage: undefined,
} as const;
const desired: DesiredVm = {
  app: 'shop',
  name: 'shop',
  tags: 'zebu;zebu-app-shop',
  note: 'Virtual machine of the app "shop", managed by zebu.',
  vmid: undefined,
  node: undefined,
  image: IMAGE,
  cores: 2,
  memoryMb: 2048,
  diskGb: 20,
  cpu: 'host',
  storage: undefined,
  onboot: true,
  ha: undefined,
  backup: undefined,
  user: 'deploy',
  sshKeys: ['ssh-ed25519 AAAA ann'],
  namesKeys: false,
  network: { address: 'dhcp', nameservers: [] },
  firewall: { enabled: true, rules: [] },
  guest: DESIRED_GUEST,
  script: { os: 'debian13', timeout: 1800, allow_unverified_image: false },
};

const noteOf = (mark: Partial<Parameters<typeof templateNote>[0]> = {}): string =>
  templateNote({ key: KEY, diskGb: 8, made: daysAgo(1), app: 'shop', ...mark }, desired, '28.5.2');

describe('the note of a template', () => {
  it('says what it is, and is read again whatever somebody has written around it', () => {
    const note = noteOf();
    expect(note).toContain('https://example.org/debian-12.qcow2 with Docker 28.5.2');
    expect(readMark(`for all of us\n\n${note}\nkeep it`)).toEqual({
      key: KEY,
      diskGb: 8,
      made: daysAgo(1),
      app: 'shop',
    });
  });

  it.each([undefined, '', 'template of mine', noteOf().replace(daysAgo(1), 'yesterday')])('is none: %s', (note) =>
    expect(readMark(note)).toBeUndefined(),
  );

  it('is not that of one that is being made', () => {
    expect(readMark(makingLine(KEY))).toBeUndefined();
    expect(keyInMaking(`anything\n\n${makingLine(KEY)}`)).toBe(KEY);
    expect(keyInMaking(noteOf())).toBeUndefined();
  });
});

describe('the key of a template', () => {
  const key = templateKey(desired, 'distribution');

  it('is another for another image and another origin of Docker', () => {
    const images = [
      { ...IMAGE, checksum: 'cd'.repeat(64) },
      { ...IMAGE, algorithm: 'sha256' },
      { kind: 'volume', volume: 'local:import/debian-12.qcow2' },
    ] as const;
    const keys = images.map((image) => templateKey({ ...desired, image }, 'distribution'));
    expect(new Set([key, templateKey(desired, 'docker'), ...keys]).size).toBe(5);
  });

  it('is the same for VMs that differ in what a clone is given, and for a mirror of the same image', () => {
    const others: Partial<DesiredVm>[] = [
      { app: 'blog', name: 'blog', cores: 8, memoryMb: 512, user: 'ops', sshKeys: [], diskGb: 100 },
      { image: { ...IMAGE, url: 'https://mirror.example.org/x.qcow2', checksum: 'AB'.repeat(64) } },
    ];
    expect(others.map((other) => templateKey({ ...desired, ...other }, 'distribution'))).toEqual([key, key]);
  });

  it('is in a name that is one of a host, with what is in it', () => {
    expect(templateName(KEY)).toBe('zebu-template-a1b2c3d4');
    expect(templateName(KEY, { os: 'debian12', docker: '28.5.2' })).toBe('zebu-template-debian12-docker28-a1b2c3d4');
    expect(templateName(KEY, { os: 'Ubuntu 24.04', docker: '' })).toBe('zebu-template-ubuntu2404-docker-a1b2c3d4');
    expect(templateName(KEY, { os: 'x'.repeat(99), docker: '28' }).length).toBeLessThanOrEqual(63);
  });
});

const template = (more: Partial<Template> = {}): Template => ({
  key: KEY,
  diskGb: 8,
  made: daysAgo(1),
  app: 'shop',
  vmid: 100,
  node: 'pve',
  name: 'zebu-template-debian12-docker28-a1b2c3d4',
  storage: 'local',
  volume: 'local:100/base-100-disk-0.qcow2',
  diskBytes: 8 * 1024 ** 3,
  ...more,
});

describe('a template fits', () => {
  const wanted = { key: KEY, node: 'pve', storage: 'local', diskGb: 20, now: NOW };
  it.each<[string, Partial<Template>]>([
    ['is of something else', { key: OTHER }],
    ['is on another node', { node: 'pve2' }],
    ['is on another storage', { storage: 'data' }],
    ['has a larger disk than the VM is to have', { diskGb: 21 }],
    ['is older than a month', { made: daysAgo(31) }],
  ])('not when it %s', (_, more) => expect(fittingTemplate([template(more)], wanted)).toBeUndefined());

  it('also when the image is larger than any disk that is asked for', () => {
    expect(fittingTemplate([template({ diskBytes: 40 * 1024 ** 3 })], wanted)?.vmid).toBe(100);
  });

  it('and of several everybody takes the same', () => {
    expect(fittingTemplate([template({ vmid: 105 }), template({ vmid: 102 })], wanted)?.vmid).toBe(102);
  });

  it('for a month', () => {
    expect(isOutdated(daysAgo(29), NOW)).toBe(false);
    expect(isOutdated(daysAgo(31), NOW)).toBe(true);
  });
});

const row = (vmid: number, more: object = {}) => ({ type: 'qemu', vmid, node: 'pve', status: 'stopped', ...more });
const TEMPLATE = {
  name: 'zebu-template-debian12-docker28-a1b2c3d4',
  tags: 'zebu-template',
  template: 1,
  description: noteOf(),
  scsi0: 'local:100/base-100-disk-0.qcow2,discard=on,size=8G',
};

async function on(answers: Readonly<Record<string, unknown>>) {
  const fake = fakeProxmox(answers, {
    vm: { template: true, image: { url: IMAGE.url, checksum: `sha512:${IMAGE.checksum}` } },
  });
  return { ...fake, client: await makeClient(fake.transport, fake.context.io) };
}

describe('what is looked for', () => {
  it('is told by configurations: neither a clone with the tags of its template, nor what somebody has made of one', async () => {
    const rows = [100, 101, 102, 103].map((vmid) => row(vmid, { tags: 'zebu-template' }));
    const { client, asked } = await on({
      'GET /cluster/resources': [...rows, row(104, { tags: 'zebu;zebu-app-shop' })],
      'GET /nodes/pve/qemu/100/config': TEMPLATE,
      'GET /nodes/pve/qemu/101/config': { ...TEMPLATE, name: 'zebu-copy-of-shop', template: undefined },
      'GET /nodes/pve/qemu/102/config': { ...TEMPLATE, description: 'mine' },
      'GET /nodes/pve/qemu/103/config': refuses(500, 'Configuration file does not exist'),
    });
    expect((await readTemplates(client)).map(({ vmid }) => vmid)).toEqual([100]);
    expect(asked).not.toContain('GET /nodes/pve/qemu/104/config');
  });

  it('and one that is being made, by whoever is still at it', async () => {
    const making = (maker: string) => ({ description: `maker ${maker} beat 0\n\n${makingLine(KEY)}` });
    const tags = 'zebu-copy;zebu-template-blog';
    const { client } = await on({
      'GET /cluster/resources': [
        row(100, { tags }),
        row(101, { tags }),
        row(102, { tags: 'zebu-copy;zebu-proof-shop' }),
      ],
      // Of this machine, and ended.
      'GET /nodes/pve/qemu/100/config': making(`${thisMaker().machine} ${2 ** 22 + 1}`),
      'GET /nodes/pve/qemu/101/config': making('abcdef 42'),
    });
    expect(await inMaking(client, KEY, 'pve')).toBe(101);
    expect(await inMaking(client, OTHER, 'pve')).toBeUndefined();
    expect(await inMaking(client, KEY, 'pve2')).toBeUndefined();
  });

  it.each([
    [1, true],
    [true, true],
    [0, false],
    ['0', false],
  ])('whether the storage links: %s', async (hasFeature, linked) => {
    const { client } = await on({ 'GET /nodes/pve/qemu/100/feature': { hasFeature, nodes: [] } });
    expect(await canLink(client, { node: 'pve', vmid: 100 })).toBe(linked);
  });

  it('is never taken for the VM of an app, nor for a copy of one', () => {
    const rows = [
      row(100, { tags: 'zebu-template', name: 'zebu-template-a' }),
      row(101, { tags: 'zebu-template', name: 'zebu-copy-of-shop' }),
      row(102, { tags: 'zebu-copy;zebu-template-shop', name: 'zebu-copy-of-shop' }),
    ] as never;
    expect(findOwn(rows, 'shop')).toEqual([]);
    expect(findCopies(rows, 'shop', 'proof')).toEqual([]);
    expect(findCopies(rows, 'shop', 'rebuild')).toEqual([]);
    expect(findCopies(rows, 'shop', 'template').map(({ vmid }) => vmid)).toEqual([101, 102]);
    expect(findCopies(rows, 'blog', 'template')).toEqual([]);
    expect(isTemplate('zebu-copy;zebu-template-shop')).toBe(false);
  });
});

describe('what nobody needs', () => {
  const judge = async (templates: readonly Template[], key: string | undefined, volumes: unknown = []) => {
    const { client } = await on({ 'GET /nodes/pve/storage/local/content': volumes });
    return judgeTemplates(client, templates, { app: 'shop', key, now: NOW });
  };

  it.each<[string, Partial<Template>, string | undefined, string | undefined]>([
    ['the one that zebu.yml asks for', {}, KEY, undefined],
    ['one of another app that this one does not ask for', { app: 'blog' }, OTHER, undefined],
    ['one of this app that it does not ask for any more', {}, OTHER, 'no longer what zebu.yml asks for'],
    ['one of this app that asks for none', {}, undefined, 'no longer what zebu.yml asks for'],
    ['one of another app that is too old for all', { app: 'blog', made: daysAgo(40) }, KEY, 'older than 30 days'],
  ])('%s', async (_, more, key, old) => {
    const [judged] = await judge([template(more)], key);
    expect(judged?.old).toBe(old);
    expect(judged && isUnneeded(judged)).toBe(old !== undefined);
  });

  it('of two that are the same, the later', async () => {
    const twins = await judge([template({ vmid: 107 }), template()], KEY);
    expect(twins.map(({ old }) => old)).toEqual(['the same as VM 100', undefined]);
    // A smaller one can be needed by a smaller VM.
    const other = await judge([template({ vmid: 107, diskGb: 4 }), template()], KEY);
    expect(other.map(({ old }) => old)).toEqual([undefined, undefined]);
  });

  it('is kept as long as a VM holds only what differs from it', async () => {
    const volumes = [
      { volid: 'local:100/base-100-disk-0.qcow2', vmid: 100, used: 1234 },
      { volid: 'local:100/base-100-disk-0.qcow2/104/vm-104-disk-0.qcow2', vmid: '104', used: 1 },
      { volid: 'local:105/vm-105-disk-0.qcow2', vmid: 105 },
    ];
    const [judged] = await judge([template()], OTHER, volumes);
    expect(judged).toMatchObject({ linked: [104], bytes: 1234, old: 'no longer what zebu.yml asks for' });
    expect(judged && isUnneeded(judged)).toBe(false);
  });

  it('is found without sight of the volumes, too: Proxmox itself refuses to remove one that is used', async () => {
    const [judged] = await judge([template()], OTHER, refuses(403, 'Permission check failed'));
    expect(judged).toMatchObject({ linked: [], bytes: 8 * 1024 ** 3 });
  });
});

const SITE = {
  'GET /cluster/resources': [{ type: 'node', node: 'pve', status: 'online' }, row(100, { tags: 'zebu-template' })],
  'GET /nodes/pve/storage': [{ storage: 'local', type: 'dir', content: 'images,import', active: 1, avail: 1e12 }],
  'GET /nodes/pve/network': [{ iface: 'vmbr0', type: 'bridge', active: 1, bridge_ports: 'eth0' }],
  'GET /nodes/pve/status': { memory: { total: 1e11, free: 1e11, used: 0 } },
  'GET /cluster/nextid': '101',
  'GET /access/permissions': { '/': { 'VM.Clone': 1, 'VM.Audit': 1, 'Sys.Audit': 1, 'Sys.Modify': 1 } },
  'GET /nodes/pve/qemu/100/config': { ...TEMPLATE, description: noteOf({ key: templateKey(desired, 'distribution') }) },
  'GET /nodes/pve/qemu/100/feature': { hasFeature: 1, nodes: ['pve'] },
};

describe('a VM from a template is planned as', () => {
  const plan = async (answers: Readonly<Record<string, unknown>> = {}) => {
    const fake = await on({ ...SITE, ...answers });
    return { ...fake, plan: await fromTemplate.plan(fake.context, fake.client, desired, undefined) };
  };

  it('a linked clone that nobody takes for it, and one request that makes it the VM', async () => {
    const { plan: made, asked } = await plan();
    expect(asked.filter((line) => !line.startsWith('GET'))).toEqual([]);
    expect(made.template).toEqual({ vmid: 100, name: TEMPLATE.name, made: false, linked: true });
    const [clone, ours, grow, start] = made.steps.map(({ call }) => call);
    expect(made.steps).toHaveLength(4);
    expect(clone).toMatchObject({
      path: '/nodes/pve/qemu/100/clone',
      params: {
        newid: 101,
        name: 'zebu-copy-of-shop',
        full: 0,
        description: expect.stringMatching(/^maker \S+ \d+ beat 0$/m) as string,
      },
    });
    expect(ours).toMatchObject({
      method: 'PUT',
      path: '/nodes/pve/qemu/101/config',
      params: {
        name: 'shop',
        tags: 'zebu;zebu-app-shop',
        cores: 2,
        memory: 2048,
        ciuser: 'deploy',
        delete: 'protection,nameserver,searchdomain',
      },
    });
    expect(grow).toMatchObject({ path: '/nodes/pve/qemu/101/resize', params: { size: '20G' } });
    expect(start?.path).toBe('/nodes/pve/qemu/101/status/start');
  });

  it('a full clone where the storage cannot link', async () => {
    const { plan: made } = await plan({ 'GET /nodes/pve/qemu/100/feature': { hasFeature: 0, nodes: [] } });
    expect(made.template?.linked).toBe(false);
    expect(made.steps[0]?.call.params).toMatchObject({ full: 1 });
  });

  it('nothing where the login may not clone', async () => {
    await expect(plan({ 'GET /access/permissions': { '/': { 'VM.Audit': 1 } } })).rejects.toMatchObject({
      code: 'PROXMOX_FORBIDDEN',
      message: 'The login may not clone a VM from a template: it lacks VM.Clone on /vms/100',
    });
  });

  it('one without, while another run makes the template', async () => {
    const rows = [{ type: 'node', node: 'pve', status: 'online' }, row(100, { tags: 'zebu-copy;zebu-template-blog' })];
    const { plan: made, stderr } = await plan({
      'GET /cluster/resources': rows,
      'GET /nodes/pve/qemu/100/config': {
        description: `maker abcdef 42 beat 7\n\n${makingLine(templateKey(desired, 'distribution'))}`,
      },
      'GET /nodes/pve/storage/local/content': [],
    });
    expect(made.template).toBeUndefined();
    expect(made.steps.map(({ call }) => call.task)).toContain('qmcreate');
    expect(stderr.text).toContain('Another run is making the template, VM 100: this VM is made without it');
  });
});
