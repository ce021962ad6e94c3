import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { interrupted, ZebuError } from '@zebu/kit';
import { DAEMON_FILE, IMAGE_NAME, type DaemonOptions } from '../daemon.js';
import { detectAccel } from '../guest/accel.js';
import { identify, saveRef } from '../guest/process.js';
import type { Accel } from '../guest/qemu-argv.js';
import { shellUp } from '../host/shell.js';
import { ensureHostPackages, ensureImage, type LabImage } from '../image/index.js';
import { withBlankDisk } from '../image/blank.js';
import type { Log } from '../image/steps.js';
import { networkUp, type LabNetwork } from '../net/network.js';
import { bridgeDevice } from '../net/devices.js';
import { daemonStatus } from './control.js';
import {
  certificateFingerprint,
  ensureCertificate,
  ensureTicketKeys,
  ensureSshKeys,
  ensureToken,
  sshFiles,
  TOKEN_ID,
} from './credentials.js';
import { PVE_VERSIONS } from '../pve/versions.js';
import type { Layout } from './layout.js';
import {
  chooseSettings,
  nodeNames,
  readSettings,
  writeSettings,
  type LabSettings,
  type WantedSettings,
} from './settings.js';
import type { LabReport } from './results.js';

export interface UpOptions extends Omit<WantedSettings, 'stateDir'> {
  readonly layout: Layout;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export function labNetwork(layout: Layout, settings: LabSettings): LabNetwork {
  return {
    bridge: bridgeDevice(settings.instanceId),
    address: `${settings.prefix}.1`,
    prefixLength: 24,
    dhcp: { from: `${settings.prefix}.100`, to: `${settings.prefix}.199` },
    runDir: layout.net,
  };
}

export function requireRootOnDebian(): void {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version')) {
    throw new ZebuError('LAB_UNSUPPORTED', 'The lab runs on Debian and its close relatives only', {
      hint: 'zebu itself runs anywhere; point it at a real Proxmox VE host.',
    });
  }
  if (process.getuid?.() !== 0) {
    throw new ZebuError('LAB_UNSUPPORTED', 'The lab needs root: it makes bridges, namespaces and virtual machines', {
      hint: 'Run it with sudo.',
    });
  }
}

/** A folder of its own, for `lab:down` removes it with everything in it. @throws USAGE */
export async function claimStateDir({ stateDir, settings }: Layout): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  if (existsSync(settings) || (await readdir(stateDir)).length === 0) return;
  throw new ZebuError('USAGE', `--state-dir ${stateDir} is not empty, and holds no lab`, {
    hint: 'Name a folder that is not there yet: zebu lab:down removes it with everything in it.',
  });
}

/** Brings a lab up, or what is missing of it after a crash; what runs already is left alone. */
export async function labUp(options: UpOptions): Promise<LabReport> {
  const { layout, log, signal } = options;
  requireRootOnDebian();
  await claimStateDir(layout);
  await ensureHostPackages({ log, signal });
  let settings = await readSettings(layout.settings);
  if (settings === undefined) {
    settings = await chooseSettings({ ...options, stateDir: layout.stateDir });
    await writeSettings(layout.settings, settings);
  } else if ((settings.nodes ?? 1) !== options.nodes || (settings.pve ?? '8') !== options.pve) {
    throw new ZebuError(
      'LAB_FAILED',
      `The lab ${layout.name} exists with ${settings.nodes ?? 1} node(s) of version ${settings.pve ?? '8'}`,
      { hint: `Take it down first (zebu lab:down --name ${layout.name}), or choose another --name.` },
    );
  } else if (!isDeepStrictEqual(settings.programs, options.programs)) {
    // Nothing that runs depends on them: the programs are written anew below.
    settings = { ...settings, programs: options.programs };
    await writeSettings(layout.settings, settings);
  }
  if ((settings.answerMs ?? 0) !== options.answerMs) {
    throw new ZebuError('LAB_FAILED', `The lab ${layout.name} exists with another --answer-time`, {
      hint: `Take it down first (zebu lab:down --name ${layout.name}), or choose another --name.`,
    });
  }
  if (settings.guests !== options.guests) {
    throw new ZebuError('LAB_FAILED', `The lab ${layout.name} exists with ${settings.guests} guests`, {
      hint: `Take it down first (zebu lab:down --name ${layout.name}), or choose another --name.`,
    });
  }
  const whole = await ensureImage({ cacheDir: layout.cacheDir, log, signal });
  const image = settings.guests === 'qemu' ? whole : await withBlankDisk(whole, layout.blankDisk);
  const accel =
    settings.guests === 'qemu' ? await detectAccel({ cacheDir: layout.cacheDir, boot: image, log, signal }) : undefined;
  if (signal.aborted) throw interrupted('Interrupted; run lab:up again to go on.');
  await ensureCertificate(layout, settings.node);
  await ensureTicketKeys(layout);
  await ensureToken(layout);
  await ensureSshKeys(layout, settings.sshPort);
  await networkUp(labNetwork(layout, settings));
  await shellUp(layout, settings);
  if ((await daemonStatus(layout.control)) === undefined) {
    log('starting the node');
    await startDaemon({ layout, settings, image, accel });
  }
  const report = await labReport(layout, settings, image, accel);
  await writeFile(layout.env, environmentFile(report), { mode: 0o600 });
  return report;
}

async function startDaemon(options: DaemonOptions): Promise<void> {
  const { layout } = options;
  const log = openSync(layout.daemonLog, 'a', 0o600);
  const child = spawn(process.execPath, [DAEMON_FILE], { detached: true, stdio: ['pipe', log, log], cwd: '/' });
  let ended = false;
  child.once('exit', () => (ended = true));
  child.stdin?.on('error', () => {});
  child.stdin?.end(JSON.stringify(options));
  for (let waited = 0; waited < 20_000 && !ended; waited += 50) {
    if ((await daemonStatus(layout.control)) !== undefined) {
      const ref = child.pid === undefined ? undefined : await identify(child.pid);
      if (ref !== undefined) await saveRef(layout.daemonRef, ref);
      child.unref();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const lines = (await readFile(layout.daemonLog, 'utf8').catch(() => '')).trim().split('\n');
  const reason = lines.find((line) => /Error: /.test(line)) ?? lines.at(-1) ?? '';
  throw new ZebuError('LAB_FAILED', `The node did not start${reason === '' ? '' : `: ${reason}`}`, {
    hint: `Its log: ${layout.daemonLog}`,
  });
}

/** The state of a lab that was made; `up` says whether its daemon answers. */
export async function labReport(
  layout: Layout,
  settings: LabSettings,
  image: LabImage | undefined,
  accel: Accel | undefined,
): Promise<LabReport> {
  const status = await daemonStatus(layout.control);
  const ssh = sshFiles(layout);
  return {
    name: layout.name,
    up: status !== undefined,
    node: settings.node,
    nodes: nodeNames(settings),
    pve: settings.pve ?? '8',
    version: PVE_VERSIONS[settings.pve ?? '8'],
    guests: settings.guests,
    accel: accel ?? null,
    pid: status?.pid ?? null,
    stateDir: layout.stateDir,
    api: {
      url: `https://127.0.0.1:${settings.apiPort}`,
      host: '127.0.0.1',
      port: settings.apiPort,
      fingerprint: existsSync(layout.tlsCert) ? await certificateFingerprint(layout) : '',
      tokenId: TOKEN_ID,
      tokenFile: layout.token,
    },
    ssh: {
      host: '127.0.0.1',
      port: settings.sshPort,
      user: 'root',
      identityFile: ssh.identity,
      knownHostsFile: ssh.knownHosts,
    },
    image: { url: `http://127.0.0.1:${settings.mirrorPort}/${IMAGE_NAME}`, sha256: image?.sha256 ?? null },
    network: {
      bridge: 'vmbr0',
      device: bridgeDevice(settings.instanceId),
      subnet: `${settings.prefix}.0/24`,
      gateway: `${settings.prefix}.1`,
    },
    envFile: layout.env,
    vms: status?.guests ?? [],
  };
}

/** Variables that point zebu at this lab over SSH, and how to use the API instead. */
function environmentFile(report: LabReport): string {
  return [
    '# Points zebu at this lab: set -a; . this-file; set +a',
    'ZEBU_PROXMOX_TRANSPORT=ssh',
    `ZEBU_PROXMOX_HOST=${report.ssh.host}`,
    `ZEBU_PROXMOX_PORT=${report.ssh.port}`,
    `ZEBU_PROXMOX_USER=${report.ssh.user}`,
    `ZEBU_PROXMOX_IDENTITY_FILE=${report.ssh.identityFile}`,
    `ZEBU_PROXMOX_KNOWN_HOSTS=${report.ssh.knownHostsFile}`,
    '# Over the API:',
    '# ZEBU_PROXMOX_TRANSPORT=api',
    `# ZEBU_PROXMOX_PORT=${report.api.port}`,
    `# ZEBU_PROXMOX_FINGERPRINT=${report.api.fingerprint}`,
    `# ZEBU_PROXMOX_TOKEN_FILE=${report.api.tokenFile}`,
    '',
  ].join('\n');
}
