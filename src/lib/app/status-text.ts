import { formatBytes, formatSeconds } from '../ui/units.js';
import { table } from '../ui/table.js';
import { LINK_REMEDY } from '../app-folder/current-link.js';
import { describeHolder } from '../app-folder/lock.js';
import type { AppStatus, Machine, ServiceState } from '../app-folder/results.js';

const percent = (part: number, whole: number): string => `${whole === 0 ? 0 : Math.round((part / whole) * 100)} %`;

export function machineText({ cores, load, memory, disk }: Machine): string {
  const used = memory.total - memory.available;
  return [
    `load ${load.toFixed(2)} on ${cores} cores`,
    `memory ${formatBytes(used)} of ${formatBytes(memory.total)} (${percent(used, memory.total)})`,
    `disk ${formatBytes(disk.used)} of ${formatBytes(disk.used + disk.available)} (${percent(disk.used, disk.used + disk.available)})`,
  ].join(', ');
}

const stateText = (each: ServiceState): string =>
  each.state === 'exited' ? `exited (${each.exitCode}${each.outOfMemory ? ', out of memory' : ''})` : each.state;

const cpuText = ({ usage }: ServiceState): string => (usage === null ? '-' : `${usage.cpu.toFixed(1)} %`);
const memoryText = ({ usage }: ServiceState): string => (usage === null ? '-' : formatBytes(usage.memory));
const healthText = ({ health }: ServiceState): string => (health === 'none' ? '-' : health);

/** Names of the containers, as far as they say more than the service. */
function nameOf(each: ServiceState, all: readonly ServiceState[]): string {
  const several = all.filter(({ service }) => service === each.service).length > 1;
  return several ? each.container : each.service;
}

/** `app:status` for people. */
export function statusLines(status: AppStatus): readonly string[] {
  const lines = [
    `${status.app}: ${status.healthy ? 'healthy' : 'NOT HEALTHY'}, release ${status.release ?? 'none'} on ${status.host}`,
  ];
  const { broken, last, deploying, interrupted, drift, machine } = status;
  if (broken !== null) lines.push(`${broken}. ${LINK_REMEDY}`);
  if (last !== null) {
    const reason = last.reason === '' ? '' : ` (${last.reason})`;
    lines.push(`last deploy: ${last.ref} by ${last.who}: ${last.verdict}${reason}`);
  }
  if (deploying !== null) lines.push(`a deploy is running: ${describeHolder(deploying)}`);
  if (interrupted !== null)
    lines.push(`the deploy of ${interrupted.release} was interrupted in phase ${interrupted.phase}: zebu app:recover`);
  for (const each of drift ?? []) lines.push(`drift: ${each}`);
  if (machine !== null) lines.push(`VM: ${machineText(machine)}`);
  const rows = status.services.map((each) => [
    nameOf(each, status.services),
    stateText(each),
    healthText(each),
    String(each.restarts),
    cpuText(each),
    memoryText(each),
    each.image,
    each.ports.join(' '),
  ]);
  return [...lines, ...table(['SERVICE', 'STATE', 'HEALTH', 'RESTARTS', 'CPU', 'MEMORY', 'IMAGE', 'PORTS'], rows)];
}

function age(startedAt: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(startedAt)) / 1000;
  return Number.isNaN(seconds) ? '-' : formatSeconds(Math.max(0, seconds));
}

/** `app:top` for people: the busiest first. */
export function topLines(
  view: { readonly app: string; readonly services: readonly ServiceState[]; readonly machine: Machine | null },
  now: Date,
): readonly string[] {
  const rows = view.services
    .toSorted((a, b) => (b.usage?.cpu ?? -1) - (a.usage?.cpu ?? -1))
    .map((each) => [
      nameOf(each, view.services),
      cpuText(each),
      memoryText(each),
      stateText(each),
      healthText(each),
      String(each.restarts),
      each.state === 'running' ? age(each.startedAt, now) : '-',
    ]);
  return [
    `${view.app} at ${now.toISOString().slice(11, 19)} UTC${view.machine === null ? '' : `: ${machineText(view.machine)}`}`,
    '',
    ...table(['SERVICE', 'CPU', 'MEMORY', 'STATE', 'HEALTH', 'RESTARTS', 'UP'], rows),
  ];
}
