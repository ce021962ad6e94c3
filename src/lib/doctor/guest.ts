import { isZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import * as z from 'zod';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { IMPATIENT_SECONDS, isFirstBoot } from '../guest/address.js';
import { openGuest } from '../guest/session.js';
import { lookAtUnits, unitDigests } from '../guest/units.js';
import { wantedChange } from '../upkeep/bring.js';
import { receiverStates } from '../upkeep/notify/state.js';
import { parseFacts } from '../guest/facts.js';
import { agentAnswer } from '../proxmox/agent-answer.js';
import { toNodeName, toVmid } from '../proxmox/ids.js';
import { parseAnswer } from '../proxmox/parse.js';
import { formatBytes } from '../ui/units.js';
import { fail, failure, ok, skip, warn, type Check, type Finding } from './check.js';
import { seePull } from '../pull/status.js';
import type { Findings } from './proxmox.js';
import { dataStatus } from '../app-folder/data.js';
import { surveyApp } from '../app-folder/status.js';
import { dataFinding } from './data.js';
import { pullFinding } from './pull.js';
import { notifyFinding } from './notify.js';
import { proofCheck } from './proof.js';
import { rebuildFinding } from './rebuild.js';
import { snapshotFinding } from './snapshots.js';
import { backupsFinding } from './backups.js';
import { unitsFinding } from './units.js';
import SURVEY from './survey.sh';

interface Seen {
  facts?: ReadonlyMap<string, string>;
  session?: SshSession;
  /** Unix time in seconds on this machine, in the middle of the round trip. */
  askedAt?: number;
}

/** Too far apart for logs to be compared, and for tokens and certificates. */
const SKEW_LIMIT = 5;

export function skewFinding(here: number, others: readonly (readonly [string, number])[]): Finding {
  const said = others
    .map(([name, time]) => `${name} ${time - here >= 0 ? '+' : ''}${Math.round(time - here)} s`)
    .join(', ');
  const off = others.filter(([, time]) => Math.abs(time - here) > SKEW_LIMIT);
  if (off.length === 0) return ok(said);
  return warn(
    said,
    `Set the clock of ${off.map(([name]) => name).join(' and ')}, or this machine's: systemctl status chrony`,
  );
}

/** @param lines `total available mountpoint`, in bytes */
export function diskFinding(lines: readonly string[]): Finding {
  const disks = new Map<string, { total: number; free: number }>();
  for (const line of lines) {
    const [total = '0', free = '0', mount = '/'] = line.split(' ');
    disks.set(mount, { total: Number(total), free: Number(free) });
  }
  const said = [...disks]
    .map(([mount, { total, free }]) => `${mount} ${formatBytes(free)} of ${formatBytes(total)} free`)
    .join(', ');
  const used = Math.max(0, ...[...disks.values()].map(({ total, free }) => (total === 0 ? 0 : 1 - free / total)));
  if (used >= 0.95)
    return fail('NO_SPACE', said, 'Grow it: zebu vm:resize --disk +10; or prune: zebu vm:ssh -- docker system prune');
  if (used >= 0.85) return warn(said, 'It fills up: zebu vm:resize --disk +10, or prune old images.');
  return ok(said);
}

function vmFinding({ vm, unseen }: Findings): Finding {
  if (unseen !== undefined) return failure(unseen);
  if (vm === undefined || vm === null) return warn('there is no VM of this app yet', 'Create it: zebu vm:create');
  const said = `VM ${vm.vmid} (${vm.name ?? ''}) on ${vm.node} is ${vm.status ?? 'unknown'}`;
  return vm.status === 'running' ? ok(said) : fail('VM_NOT_RUNNING', said, 'Start it: zebu vm:start');
}

/** Runs a check only where there is a VM: one that was never made is no failure. */
function withVm(
  findings: Findings,
  run: (path: string, signal: AbortSignal) => Promise<Finding>,
): (signal: AbortSignal) => Promise<Finding> {
  return async (signal) => {
    const { vm, unseen } = findings;
    if (unseen !== undefined) return skip('the VM may not be seen');
    if (vm === undefined || vm === null) return skip('there is no VM yet');
    return run(`/nodes/${vm.node}/qemu/${vm.vmid}`, signal);
  };
}

const infoAnswer = z.object({ result: z.object({ version: z.string().optional() }).loose() });

async function agent(context: Context, findings: Findings, path: string): Promise<Finding> {
  try {
    const { client, vm } = findings;
    if (client === undefined || vm === undefined || vm === null) return skip('there is no VM yet');
    const target = { client, node: toNodeName(vm.node), vmid: toVmid(vm.vmid) };
    const data = await agentAnswer(target, () => client.request('GET', `${path}/agent/info`));
    const { version } = parseAnswer(infoAnswer, data, 'the guest agent').result;
    return ok(`answers${version === undefined ? '' : `, version ${version}`}`);
  } catch (error) {
    if (isZebuError(error) && error.code !== 'PROXMOX_REFUSED' && error.code !== 'OUTCOME_UNKNOWN') throw error;
    const { uptime = 0 } = findings.vm ?? {};
    if (uptime <= context.config.vm.boot_timeout)
      return warn(`does not answer yet, ${uptime} s after the start of the VM`, BOOTS);
    return fail(
      'VM_NOT_READY',
      'does not answer',
      'Look at the VM: zebu vm:console --follow; is qemu-guest-agent running in it?',
    );
  }
}

/** Docker may be starting, and a slow VM takes its time for each program. */
const SSH_SECONDS = 60;

const BOOTS = 'Run it again in a moment; how far it is: zebu vm:console --follow';

async function ssh(context: Context, seen: Seen): Promise<Finding> {
  const opened = await openGuest(context, undefined, IMPATIENT_SECONDS).catch((error: unknown) => {
    if (isZebuError(error) && isFirstBoot(error)) return warn(error.message, BOOTS);
    throw error;
  });
  if ('status' in opened) return opened;
  const { session, address } = opened;
  const before = context.clock.now().getTime();
  const { stdout } = await session.exec({ line: SURVEY }, { signal: context.signal, timeoutMs: SSH_SECONDS * 1000 });
  seen.facts = parseFacts(stdout);
  seen.session = session;
  seen.askedAt = (before + context.clock.now().getTime()) / 2000;
  return ok(`${address.user}@${address.host}, its host key as pinned`);
}

function docker({ facts }: Seen): Finding {
  const [docker, compose] = [facts?.get('docker') ?? '', facts?.get('compose') ?? ''];
  if (facts?.get('docker_status') !== '0')
    return fail(
      'DOCKER_MISSING',
      docker || 'docker does not work',
      'Look at it: zebu vm:ssh -- systemctl status docker',
    );
  if (facts.get('compose_status') !== '0')
    return fail('DOCKER_MISSING', `Docker ${docker}; ${compose}`, 'Compose v2 is missing: zebu vm:create installs it.');
  return ok(`Docker ${docker}, Compose ${compose}`);
}

const optionsAnswer = z.object({ enable: z.coerce.number().default(0) }).loose();

async function firewall(context: Context, findings: Findings, path: string): Promise<Finding> {
  if (!context.config.vm.firewall.enabled) return ok('off, as vm.firewall.enabled says');
  const ask = async (where: string): Promise<boolean> => {
    const data = await findings.client?.request('GET', `${where}/firewall/options`);
    return parseAnswer(optionsAnswer, data ?? {}, 'the options of the firewall').enable === 1;
  };
  let unknown = '';
  const [config, vm, datacenter] = await Promise.all([
    findings.client?.request('GET', `${path}/config`) as Promise<{ net0?: string } | undefined> | undefined,
    ask(path),
    ask('/cluster').catch((error: unknown) => {
      unknown =
        isZebuError(error) && error.code === 'PROXMOX_FORBIDDEN'
          ? 'the datacenter may not be seen'
          : `of the datacenter it is not known: ${failure(error).detail}`;
      return undefined;
    }),
  ]);
  const missing: string[] = [];
  if (!/(^|,)firewall=1(,|$)/.test(config?.net0 ?? '')) missing.push('the network card (net0)');
  if (!vm) missing.push('the VM');
  if (datacenter === false) missing.push('the datacenter');
  if (missing.length === 0) return ok(`on${datacenter === undefined ? ` for the VM; ${unknown}` : ''}`);
  return warn(
    `nothing is filtered: off for ${missing.join(' and ')}`,
    missing.includes('the datacenter')
      ? 'Datacenter, Firewall, Options, Firewall: yes; allow your own access to the host first.'
      : 'zebu vm:apply turns it on.',
  );
}

const timeAnswer = z.object({ time: z.coerce.number() });

async function clock(context: Context, findings: Findings, seen: Seen): Promise<Finding> {
  const before = context.clock.now().getTime();
  let data: unknown;
  try {
    data = await findings.client?.request('GET', `/nodes/${findings.node ?? ''}/time`);
  } catch (error) {
    const { detail, remedy } = failure(error);
    return warn(
      `the time of the node is not known: ${detail}`,
      remedy ?? 'Look on the node: timedatectl status. The clocks were not compared.',
    );
  }
  const here = (before + context.clock.now().getTime()) / 2000;
  const { time } = parseAnswer(timeAnswer, data, 'the time of the node');
  const vm = seen.facts?.get('time');
  // Each clock is compared with the moment it was read; they have a resolution of a second.
  const others: [string, number][] = [['node', time]];
  if (vm !== undefined && seen.askedAt !== undefined) others.push(['VM', Number(vm) - seen.askedAt + here]);
  return skewFinding(here, others);
}

async function units(context: Context, { session, facts }: Seen): Promise<Finding> {
  if (session === undefined) return skip('the VM was not looked into');
  const { name } = context.config.app;
  const owner = { app: name, base: appLayout(name).base };
  const limits = { signal: context.signal, timeoutMs: SSH_SECONDS * 1000 };
  const [seen, found] = await Promise.all([lookAtUnits(session, owner, limits), unitDigests(session, owner, limits)]);
  return unitsFinding(seen, name, Number(facts?.get('time') ?? 0), wantedChange(context, found));
}

async function notify(context: Context, { session, facts }: Seen): Promise<Finding> {
  const { notify: receivers, app } = context.config;
  if (receivers.length === 0) return ok('nobody is told: there is no notify in zebu.yml');
  if (session === undefined) return skip('the VM was not looked into');
  const { base } = appLayout(app.name);
  const states = await receiverStates(session, base, { signal: context.signal, timeoutMs: SSH_SECONDS * 1000 });
  return notifyFinding(
    receivers.map(({ name }) => name),
    states,
    Number(facts?.get('time') ?? 0),
  );
}

async function data(context: Context, { session }: Seen): Promise<Finding> {
  if (session === undefined) return skip('the VM was not looked into');
  const { dumps } = await surveyApp(session, context);
  return dataFinding(dataStatus(dumps, context.config.data?.max_age), context.config.data !== undefined);
}

async function pull(context: Context, { session }: Seen): Promise<Finding> {
  return session === undefined
    ? skip('the VM was not looked into')
    : pullFinding(context, await seePull(session, context));
}

/** Runs a check on what was seen in the VM, where it was looked into. */
const ifSeen = (seen: Seen, run: (seen: Seen) => Finding): Finding =>
  seen.facts === undefined ? skip('the VM was not looked into') : run(seen);

/** @returns checks named vm, snapshots, backups, agent, vm-ssh, docker, disk, units, notify, data, pull, firewall, proof, clock */
export function guestChecks(context: Context, findings: Findings): readonly Check[] {
  const seen: Seen = {};
  const seconds = context.config.proxmox.timeout + 10;
  const disks = (): readonly string[] =>
    [...(seen.facts ?? [])].flatMap(([name, value]) => (name.startsWith('disk_') ? [value] : []));
  return [
    {
      id: 'vm',
      needs: ['placement'],
      seconds,
      run: async () => (await rebuildFinding(context, findings)) ?? vmFinding(findings),
    },
    { id: 'snapshots', needs: ['storage'], seconds, run: () => snapshotFinding(context, findings) },
    { id: 'backups', needs: ['placement'], seconds, run: () => backupsFinding(context, findings) },
    { id: 'agent', needs: ['vm'], seconds, run: withVm(findings, (path) => agent(context, findings, path)) },
    {
      id: 'vm-ssh',
      needs: ['vm'],
      seconds: seconds + SSH_SECONDS,
      run: withVm(findings, (_, signal) => ssh({ ...context, signal }, seen)),
    },
    { id: 'docker', needs: ['vm-ssh'], run: withVm(findings, async () => ifSeen(seen, docker)) },
    { id: 'disk', needs: ['vm-ssh'], run: withVm(findings, async () => ifSeen(seen, () => diskFinding(disks()))) },
    {
      id: 'units',
      needs: ['vm-ssh'],
      seconds: SSH_SECONDS,
      run: withVm(findings, (_, signal) => units({ ...context, signal }, seen)),
    },
    {
      id: 'notify',
      needs: ['vm-ssh'],
      seconds: SSH_SECONDS,
      run: withVm(findings, (_, signal) => notify({ ...context, signal }, seen)),
    },
    {
      id: 'data',
      needs: ['vm-ssh', 'docker'],
      seconds: SSH_SECONDS,
      run: withVm(findings, (_, signal) => data({ ...context, signal }, seen)),
    },
    {
      id: 'pull',
      needs: ['vm-ssh'],
      seconds: SSH_SECONDS,
      run: withVm(findings, (_, signal) => pull({ ...context, signal }, seen)),
    },
    {
      id: 'firewall',
      needs: ['placement'],
      seconds,
      run: withVm(findings, (path) => firewall(context, findings, path)),
    },
    {
      id: 'proof',
      needs: ['vm-ssh'],
      seconds: SSH_SECONDS,
      run: withVm(findings, (_, signal) => proofCheck({ ...context, signal }, findings, seen.session)),
    },
    // The time of the VM comes with what is asked over SSH.
    { id: 'clock', needs: ['placement'], after: ['vm-ssh'], seconds, run: () => clock(context, findings, seen) },
  ];
}
