import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZebuError } from '@zebu/kit';
import { end, identify, loadRef, run, saveRef, type ProcessRef } from '../guest/process.js';
import { sshFiles } from '../instance/credentials.js';
import type { Layout } from '../instance/layout.js';
import type { LabSettings } from '../instance/settings.js';
import { USUAL_PROGRAMS, type ProgramSettings } from './settings.js';

const ENTER = fileURLToPath(new URL('../../host-shell/enter', import.meta.url));
/** This folder, compiled: the programs need nothing outside it. */
const SELF = fileURLToPath(new URL('.', import.meta.url));
/** Where the shell finds the lab, whatever the node's own /tmp, /etc and /var/lib cover; `enter` mounts it. */
const INSIDE = '/run/zebu-lab';

/** The programs of a Proxmox host that the lab stands in for. */
export const PROGRAMS = ['pvesh', 'qm', 'pvesm', 'pveum', 'pveversion'];

/** As on a host with libguestfs-tools; what images are given by it (agent, Docker), the lab's own image has already. */
const VIRT_CUSTOMIZE = `#!/bin/sh
image=
while [ $# -gt 0 ]; do
    case $1 in -a | --add) image=$2; shift ;; esac
    shift
done
[ -f "$image" ] || { echo "virt-customize: error: libguestfs error: could not open $image" >&2; exit 1; }
exec qemu-img check -q "$image"
`;

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

export function sshdConfig(layout: Layout, port: number): string {
  const keys = sshFiles(layout);
  const inside = (file: string): string => join(INSIDE, 'state', relative(layout.stateDir, file));
  return [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${inside(keys.hostKey)}`,
    `AuthorizedKeysFile ${inside(keys.authorizedKeys)}`,
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
    `SetEnv PATH=${inside(filesOf(layout).bin)}:/usr/sbin:/usr/bin:/sbin:/bin`,
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
  const cli = `${INSIDE}/state/host/programs/cli.js`;
  for (const name of PROGRAMS) {
    const file = join(bin, name);
    await writeFile(file, `#!/bin/sh\nexec ${INSIDE}/node ${cli} ${name} ${INSIDE}/state/control.sock "$@"\n`);
    await chmod(file, 0o755);
  }
  await writeFile(join(bin, 'virt-customize'), VIRT_CUSTOMIZE);
  await chmod(join(bin, 'virt-customize'), 0o755);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('SSH-'));
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

export async function shellIsUp(layout: Layout): Promise<boolean> {
  return (await loadRef(filesOf(layout).ref)) !== undefined;
}

/** Starts the node's sshd unless it runs. */
export async function shellUp(layout: Layout, settings: LabSettings): Promise<void> {
  const files = filesOf(layout);
  await mkdir(layout.host, { recursive: true });
  await writePrograms(files, settings.programs ?? USUAL_PROGRAMS);
  if ((await loadRef(files.ref)) !== undefined) return;
  await writeFile(files.config, sshdConfig(layout, settings.sshPort));
  await mkdir(join(layout.stateDir, 'vz'), { recursive: true });
  // What goes wrong before sshd opens its own log is said there too.
  const log = await open(files.log, 'w', 0o600);
  const child = spawn(
    'unshare',
    ['--mount', '--uts', '--', '/bin/sh', ENTER, settings.node, layout.stateDir, process.execPath],
    { detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  child.unref();
  await log.close();
  for (let waited = 0; waited < 10_000; waited += 100) {
    if (await answers(settings.sshPort)) {
      const server = child.pid === undefined ? undefined : await identify(child.pid);
      if (server !== undefined) {
        await saveRef(files.ref, server);
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const said = await readFile(files.log, 'utf8').catch(() => '');
  throw new ZebuError(
    'LAB_FAILED',
    `The node's sshd did not start: ${said.trim().split('\n').at(-1) || 'no reason given'}`,
    {
      hint: `Its log: ${files.log}`,
    },
  );
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
