/**
 * What the recorder did, or what happened on its node, between two recordings: without it the next answer would be
 * another one. By the name of the recording that comes after; '' is before all of them.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Replayed } from './node-9.2.js';

type Stage = (node: Replayed, answered: Map<string, string>) => Promise<void>;

const VM = (vmid: number): string => `/nodes/pve/qemu/${vmid}`;
const KEYS = { sshkeys: 'ssh-ed25519%20<key>' };

const about = (app: string): string =>
  `Virtual machine of the app "${app}", managed by zebu.\n\nzebu finds it by its tags; change it through zebu.yml.`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function agentUp(node: Replayed, vmid: number): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 300) {
    const up = await node.ask('POST', `${VM(vmid)}/agent/ping`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await sleep(300);
  }
  throw new Error(`the agent of ${vmid} did not come up`);
}

/** As `zebu` sends it: by somebody with the documented role. */
async function asZebu(
  node: Replayed,
  method: string,
  path: string,
  params: Readonly<Record<string, string>> = {},
): Promise<void> {
  const answer = await node.send({ name: '', as: 'zebu', method, path, params, status: 200 });
  const { data } = Object(answer.body) as { data?: unknown };
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.reason}`);
  if (typeof data !== 'string' || !data.startsWith('UPID:')) return;
  for (;;) {
    const task = (await node.ask('GET', `/nodes/pve/tasks/${data}/status`)) as { status: string; exitstatus?: string };
    if (task.status === 'running') await sleep(50);
    else if (task.exitstatus === 'OK') return;
    else throw new Error(`${method} ${path}: ${task.exitstatus}`);
  }
}

const RULES: readonly Readonly<Record<string, string>>[] = [
  { type: 'in', action: 'ACCEPT', enable: '1', comment: 'zebu: ssh', proto: 'tcp', dport: '22' },
  { type: 'in', action: 'ACCEPT', enable: '1', comment: 'zebu: ping', macro: 'Ping' },
  { type: 'in', action: 'ACCEPT', enable: '1', comment: 'zebu: published by the app', proto: 'tcp', dport: '8080' },
];

async function firewall(node: Replayed, vmid: number): Promise<void> {
  for (const rule of RULES) await asZebu(node, 'POST', `${VM(vmid)}/firewall/rules`, rule);
  await asZebu(node, 'PUT', `${VM(vmid)}/firewall/options`, { enable: '1', policy_in: 'DROP', dhcp: '1' });
}

/** A VM of the community script: firmware of its own, its disks on another storage. */
async function scriptedVm(node: Replayed): Promise<void> {
  await node.ask('POST', '/nodes/pve/qemu', {
    ...{ vmid: '101', name: 'shopcs', tags: 'zebu;zebu-app-shopcs', description: about('shopcs'), ostype: 'l26' },
    ...{ cores: '2', sockets: '1', cpu: 'host', memory: '1024', onboot: '1', agent: 'enabled=1', bios: 'ovmf' },
    ...{ machine: 'q35', tablet: '0', scsihw: 'virtio-scsi-single', serial0: 'socket', vga: 'serial0' },
    ...{ net0: 'virtio,bridge=vmbr0,firewall=1', ciuser: 'deploy', ipconfig0: 'ip=dhcp', ciupgrade: '0', ...KEYS },
  });
  await node.ask('POST', `${VM(101)}/config`, {
    scsi0: 'data:0,import-from=local:import/debian-13-test.qcow2,discard=on,iothread=1,ssd=1',
  });
  await node.ask('POST', `${VM(101)}/config`, {
    efidisk0: 'data:0,efitype=4m',
    ide2: 'data:cloudinit',
    boot: 'order=scsi0',
  });
  await node.ask('PUT', `${VM(101)}/resize`, { disk: 'scsi0', size: '7G' });
  await node.ask('PUT', `${VM(101)}/cloudinit`);
  await firewall(node, 101);
}

async function removed(node: Replayed, vmid: number): Promise<void> {
  await node.ask('DELETE', VM(vmid), { purge: '1', 'destroy-unreferenced-disks': '1' });
}

const hush: Stage = async (node) => {
  await node.ask('POST', `${VM(900)}/status/suspend`);
};

export const STAGE: Readonly<Record<string, Stage>> = {
  '': async (node) => {
    await node.ask('POST', '/storage', { storage: 'data', type: 'dir', path: '/srv/data', content: 'rootdir,images' });
    await node.ask('POST', '/nodes/pve/storage/local/download-url', {
      content: 'import',
      filename: 'debian-13-test.qcow2',
      url: node.lab.image.url,
      checksum: node.lab.image.sha256 ?? '',
      'checksum-algorithm': 'sha256',
    });
    execFileSync('qemu-img', ['resize', '-q', join(node.lab.stateDir, 'vz/import/debian-13-test.qcow2'), '3G']);
    await node.ask('PUT', '/storage/local', { delete: 'prune-backups' });
    const one =
      'Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit SDN.Use Sys.AccessNetwork Sys.Audit';
    const two = 'VM.Allocate VM.Audit VM.Backup VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType';
    const three = 'VM.Config.Memory VM.Config.Network VM.Config.Options VM.GuestAgent.Audit VM.GuestAgent.FileRead';
    const four = 'VM.GuestAgent.Unrestricted VM.Migrate VM.PowerMgmt VM.Snapshot';
    await node.ask('POST', '/access/roles', { roleid: 'Z2', privs: [one, two, three, four].join(' ') });
    // An earlier VM with the id that a later one got.
    await asZebu(node, 'POST', '/nodes/pve/qemu', { vmid: '102', memory: '64' });
    await asZebu(node, 'DELETE', VM(102));
  },
  'p10-agent-not-running-takes-3s': async (node) => {
    await asZebu(node, 'PUT', `${VM(100)}/resize`, { disk: 'scsi0', size: '7G' });
    await firewall(node, 100);
    await asZebu(node, 'POST', `${VM(100)}/status/start`);
    // The recorder's guest was emulated and had just begun to boot; this one may be up by now.
    await node.ask('POST', `${VM(100)}/status/suspend`);
  },
  'p15-snapshot-running-status': async (node) => {
    await node.ask('POST', `${VM(100)}/status/resume`);
  },
  'p16-snapshot-list-with-snapstate': async (node) => {
    await node.failTask('qmsnapshot', 'got timeout');
    await asZebu(node, 'POST', `${VM(100)}/snapshot`, { snapname: 'before' }).catch(() => {});
  },
  'p17-vzdump-failed-task': async (node, answered) => {
    await node.failTask('vzdump', "VM 100 qmp command 'query-backup' failed - …");
    const { body } = await node.send({
      ...{ name: '', as: 'zebu', method: 'POST', path: '/nodes/pve/vzdump', status: 200 },
      params: { vmid: '100', storage: 'local' },
    });
    const upid = (body as { data: string }).data;
    answered.set(
      encodeURIComponent('UPID:pve:00001DB2:000B83AE:6B0B266E:vzdump:100:zebu@pve!cli:'),
      encodeURIComponent(upid),
    );
    answered.set('UPID:pve:00001DB2:000B83AE:6B0B266E:vzdump:100:zebu@pve!cli:', upid);
    await sleep(2000);
  },
  // timedatectl had nobody to ask on that node.
  'p09-node-time-500': (node) =>
    node.failRequest('/time', 500, "command 'timedatectl show '--property=Timezone' --value' failed: exit code 1"),
  'p20-import-without-vm-config-cdrom': async (node) => {
    await asZebu(node, 'POST', '/nodes/pve/qemu', { vmid: '600', memory: '64', scsi0: 'local:1' });
    await asZebu(node, 'POST', `${VM(600)}/snapshot`, { snapname: 's1' });
  },
  '001-version': async (node) => {
    await asZebu(node, 'POST', '/nodes/pve/vzdump', {
      ...{ vmid: '100', storage: 'local', compress: 'zstd', mode: 'snapshot' },
      'notes-template': 'zebu-app-shop: {{guestname}}',
    });
    await asZebu(node, 'POST', `${VM(100)}/status/stop`);
    await asZebu(node, 'DELETE', VM(100), { purge: '1' });
    await asZebu(node, 'DELETE', VM(600));
    const backups = (await node.ask('GET', '/nodes/pve/storage/local/content', { content: 'backup' })) as {
      volid: string;
    }[];
    await asZebu(node, 'POST', '/nodes/pve/qemu', { vmid: '102', archive: backups[0]?.volid ?? '' });
    await scriptedVm(node);
    await node.ask('POST', `${VM(102)}/status/start`);
    await agentUp(node, 102);
  },
  // Nothing was on the disk of that VM: no agent, nothing that would shut down. A guest of the lab has both.
  '149-current-running': hush,
  '168-clone-full-running': hush,
  '246-restore-running': hush,
  '224-vzdump-stopped': async (node) => {
    await asZebu(node, 'POST', '/nodes/pve/vzdump', {
      ...{ vmid: '102', storage: 'local', compress: 'zstd', mode: 'snapshot' },
      'notes-template': 'zebu-app-shop: {{guestname}}, my note',
    });
  },
  // Archives are named after the second they were begun in, and one is not done in less on a real node.
  '225-vzdump-prune': () => sleep(1100),
  '024-fsfreeze-as-zebu': hush,
  // Tests of frozen file systems were made beside the others.
  '410-agent-exec-missing-program': async (node) => {
    await node.ask('POST', `${VM(102)}/agent/fsfreeze-freeze`);
  },
  '412-agent-exec-input': async (node) => {
    await node.ask('POST', `${VM(102)}/agent/fsfreeze-thaw`);
  },
  // One minute of measurements.
  '046-rrddata': async (node) => {
    for (let waited = 0; waited < 200_000; waited += 1000) {
      const rows = (await node.ask('GET', `${VM(102)}/rrddata`, { timeframe: 'hour', cf: 'AVERAGE' })) as object[];
      if (rows.some((row) => 'cpu' in row)) return;
      await sleep(1000);
    }
  },
  // What went wrong on that node for reasons of its own, and goes well here, is undone.
  '169-clone-linked-refused': (node) => removed(node, 906),
  '171-clone-id-taken': (node) => removed(node, 907),
  '175-delete-running': (node) => removed(node, 908),
  '502-efi-options': (node) => removed(node, 921),
  '701-job-create': async (node) => {
    const jobs = (await node.ask('GET', '/cluster/backup')) as { id: string }[];
    for (const { id } of jobs) await node.ask('DELETE', `/cluster/backup/${id}`);
  },
  '718-job-clean': async (node, answered) => {
    const jobs = (await node.ask('GET', '/cluster/backup')) as { id: string }[];
    answered.set('<uuid>', jobs.find(({ id }) => id.length === 36)?.id ?? '');
  },
  '601-stop-900-again': async (node) => {
    await node.ask('PUT', `${VM(900)}/config`, { tags: 'zebu-rec' });
  },
};
