import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZebuError } from '@zebu/kit';
import { end, identify, loadRef, run, saveRef, type ProcessRef } from '../guest/process.js';
import { sshFiles } from '../instance/credentials.js';
import type { Layout } from '../instance/layout.js';
import type { LabSettings } from '../instance/settings.js';
import { addDevice, bridgeDevice, nodeDevice } from '../net/devices.js';
import { ACCESS_SHARE, USUAL_PROGRAMS, type ProgramSettings } from './settings.js';

const LIB = fileURLToPath(new URL('../../host-shell', import.meta.url));
/** This folder, compiled: the programs need nothing outside it. */
const SELF = fileURLToPath(new URL('.', import.meta.url));
/** Where the shell finds the lab, whatever the node's own /tmp, /etc and /var/lib cover; `enter` mounts it. */
const LAB_ON_NODE = '/run/zebu-lab';

/** The programs of a Proxmox host that the lab stands in for. */
const PROGRAMS = ['pvesh', 'qm', 'pvesm', 'pveum', 'pveversion'];

interface ShellFiles {
  readonly bin: string;
  readonly programs: string;
  readonly config: string;
  readonly log: string;
  readonly ref: string;
}

function filesOf(layout: Layout): ShellFiles {
  return {
    bin: join(layout.host, 'bin'),
    programs: join(layout.host, 'programs'),
    config: join(layout.host, 'sshd_config'),
    log: join(layout.host, 'sshd.log'),
    ref: join(layout.host, 'sshd.ref'),
  };
}

/** Where a file of the lab's state is for the node. */
const pathOnNode = (layout: Layout, file: string): string =>
  join(LAB_ON_NODE, 'state', relative(layout.stateDir, file));

function sshdConfig(layout: Layout, { startMs }: ProgramSettings): string {
  const keys = sshFiles(layout);
  const onNode = (file: string): string => pathOnNode(layout, file);
  const share = (part: number): string => String(Math.round(startMs * part));
  return [
    `HostKey ${onNode(keys.hostKey)}`,
    `AuthorizedKeysFile ${onNode(keys.authorizedKeys)}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PidFile none',
    'AllowTcpForwarding yes',
    'UseDNS no',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
    `SetEnv PATH=${LAB_ON_NODE}/bin:/usr/sbin:/usr/bin:/sbin:/bin PERL5LIB=${LAB_ON_NODE}/lib/perl ZEBU_LAB_ACCESS_START=${share(ACCESS_SHARE)}`,
    '',
  ].join('\n');
}

/** Small scripts that hand over to a copy of the lab's program; written anew at each start, for the lab of today. */
async function writePrograms({ bin, programs }: ShellFiles, settings: ProgramSettings): Promise<void> {
  await rm(programs, { recursive: true, force: true });
  await mkdir(programs, { recursive: true });
  await mkdir(bin, { recursive: true });
  for (const name of await readdir(SELF))
    if (name.endsWith('.js')) await copyFile(join(SELF, name), join(programs, name));
  await writeFile(join(programs, 'package.json'), '{"type":"module"}\n');
  await writeFile(join(programs, 'settings.json'), JSON.stringify(settings));
  for (const [name, source] of [
    ...PROGRAMS.map((each) => [each, 'program']),
    ['virt-customize', 'virt-customize'],
  ] as const) {
    await copyFile(join(LIB, source), join(bin, name));
    await chmod(join(bin, name), 0o755);
  }
}

/** Makes the host that SSH leads to, unless it is there. */
export async function shellUp(layout: Layout, settings: LabSettings): Promise<void> {
  const files = filesOf(layout);
  await mkdir(layout.host, { recursive: true });
  const programs = settings.programs ?? USUAL_PROGRAMS;
  await writePrograms(files, programs);
  if ((await loadRef(files.ref)) !== undefined) return;
  await writeFile(files.config, sshdConfig(layout, programs));
  await mkdir(join(layout.stateDir, 'vz'), { recursive: true });
  // What goes wrong before sshd opens its own log is said there too.
  const log = await open(files.log, 'w', 0o600);
  const child = spawn(
    'unshare',
    ['--mount', '--uts', '--', '/bin/sh', join(LIB, 'enter'), settings.node, layout.stateDir, process.execPath, LIB],
    { detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  child.unref();
  await log.close();
  let ended = false;
  child.once('exit', () => (ended = true));
  for (let waited = 0; waited < 10_000 && !ended; waited += 50) {
    const host = child.pid === undefined ? undefined : await identify(child.pid);
    if (host !== undefined && /^ready$/m.test(await readFile(files.log, 'utf8'))) {
      await cable(settings, host);
      await saveRef(files.ref, host);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = await readFile(files.log, 'utf8').catch(() => '');
  throw new ZebuError('LAB_FAILED', `The node did not start: ${said.trim().split('\n').at(-1) || 'no reason given'}`, {
    hint: `Its log: ${files.log}`,
  });
}

/** Puts the node on the guests' bridge, so that connections that SSH forwards reach them. */
async function cable(settings: LabSettings, { pid }: ProcessRef): Promise<void> {
  const device = nodeDevice(settings.instanceId);
  const bridge = 'vmbr0';
  await addDevice(device, [
    ['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', bridge, 'netns', String(pid)],
    ['ip', 'link', 'set', device, 'master', bridgeDevice(settings.instanceId), 'up'],
    ['nsenter', `--net=/proc/${pid}/ns/net`, 'ip', 'address', 'add', `${settings.prefix}.2/24`, 'dev', bridge],
    ['nsenter', `--net=/proc/${pid}/ns/net`, 'ip', 'link', 'set', bridge, 'up'],
  ]);
}

/**
 * Where SSH connects to, for the daemon to listen at: each connection is handed to an sshd of its own inside the node, whose
 * loopback is not that of this machine.
 */
export function sshDoor(layout: Layout): Server {
  const files = filesOf(layout);
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    loadRef(files.ref).then(
      (host) => {
        if (host !== undefined) {
          const [config, log] = [pathOnNode(layout, files.config), pathOnNode(layout, files.log)];
          const sshd = ['/usr/sbin/sshd', '-i', '-f', config, '-E', log];
          const child = spawn('nsenter', ['-t', String(host.pid), '--mount', '--uts', '--net', '--', ...sshd], {
            detached: true,
            stdio: [socket, socket, 'ignore'],
          });
          child.on('error', () => {});
          child.unref();
        }
        // The child has its own hold of it.
        socket.destroy();
      },
      () => socket.destroy(),
    );
  });
  return server;
}

/** Everything in the mount namespace of sshd: it, its sessions, and what they left running. */
async function inhabitants(server: ProcessRef): Promise<readonly ProcessRef[]> {
  const own = await readlink(`/proc/${server.pid}/ns/mnt`);
  const found: ProcessRef[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const namespace = await readlink(`/proc/${name}/ns/mnt`).catch(() => undefined);
    const ref = namespace === own ? await identify(Number(name)) : undefined;
    if (ref !== undefined) found.push(ref);
  }
  return found;
}

export async function shellDown(layout: Layout): Promise<void> {
  const files = filesOf(layout);
  const server = await loadRef(files.ref);
  if (server !== undefined) for (const each of await inhabitants(server)) await end(each, 1000);
  // The kernel leaves an inner folder of mode 000 behind an overlay.
  if (existsSync(layout.host)) await run(['chmod', '-R', 'u+rwX', layout.host]);
  await rm(layout.host, { recursive: true, force: true });
}
