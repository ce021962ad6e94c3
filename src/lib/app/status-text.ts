import { formatBytes, formatMinute, formatSeconds, formatUnixMinute } from '../ui/units.js';
import { NARROW, table } from '../ui/table.js';
import { LINK_REMEDY } from '../app-folder/current-link.js';
import { describeHolder } from '../app-folder/lock.js';
import { backupText } from '../vm/backup/text.js';
import type { BackupAge } from '../vm/backup/results.js';
import type { DumpProof, Proof } from '../app-folder/proof-schemas.js';
import type { AppStatus, Machine, ServiceState, Watched } from '../app-folder/results.js';

const percent = (part: number, total: number): string => `${total === 0 ? 0 : Math.round((part / total) * 100)} %`;

function machineText({ cores, load, memory, disk }: Machine): string {
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

/** In a word or two how the app is. */
function condition({ healthy, services }: AppStatus): string {
  if (!healthy) return 'NOT HEALTHY';
  const stopped = [...new Set(services.filter(({ verdict }) => verdict === 'stopped').map(({ service }) => service))];
  if (stopped.length === 0) return 'healthy';
  const running = services.some(({ state }) => state === 'running');
  return running ? `healthy, but for what was stopped: ${stopped.join(', ')}` : 'stopped (start it: zebu app:start)';
}

function troubledText({ times, seconds }: Watched['lastDay'], span: string): string {
  if (times === 0) return `never in the last ${span}`;
  return `${times} ${times === 1 ? 'time' : 'times'} in the last ${span} (${formatSeconds(seconds)})`;
}

/** Since when it is as it is, and how often it was not. */
function watchLines(watch: Watched): readonly string[] {
  const { health, since, looked, lastDay, lastWeek, troubles, healed } = watch;
  const past =
    lastWeek.times === 0
      ? 'never otherwise in the last week'
      : `not well ${troubledText(lastDay, 'day')}, ${troubledText(lastWeek, 'week')}`;
  const heals =
    healed === 0 ? '' : `, ${healed} ${healed === 1 ? 'restart' : 'restarts'} by watch.heal in the last day`;
  const now = `${health === 'well' ? 'well' : health.toUpperCase()} since ${formatMinute(since)} UTC`;
  return [
    `watch: ${now}, ${past}${heals}; looked at ${formatMinute(looked)} UTC`,
    ...troubles.map(({ kind, since: from, reason }) => `watch: ${kind} since ${formatMinute(from)} UTC: ${reason}`),
  ];
}

const ago = (iso: string, now: Date): string =>
  `${formatSeconds(Math.max(0, (now.getTime() - Date.parse(iso)) / 1000))} ago`;
const backupOf = ({ backupTime }: Proof): string => `backup of ${formatUnixMinute(backupTime)} UTC`;

/** When a backup was restored last to see whether it comes back, and what came of it. */
function proofLines({ proven, last }: NonNullable<AppStatus['proofs']>, now: Date): readonly string[] {
  const good = proven === null ? 'none yet' : `${ago(proven.at, now)} (${backupOf(proven)})`;
  return [
    `last proven restore: ${good}`,
    ...(last.proven ? [] : [`NOT PROVEN ${ago(last.at, now)}: ${backupOf(last)}: ${last.why}`]),
  ];
}

const dumpOf = ({ dump, offsite }: DumpProof): string => `${dump}${offsite ? ', from off the VM' : ''}`;

/** The same of a dump of the data. */
function dumpProofLines({ proven, last }: NonNullable<AppStatus['dumpProofs']>, now: Date): readonly string[] {
  const good = proven === null ? 'none yet' : `${ago(proven.at, now)} (${dumpOf(proven)})`;
  return [
    `last proven dump: ${good}`,
    ...(last.proven ? [] : [`NOT PROVEN ${ago(last.at, now)}: the dump ${dumpOf(last)}: ${last.why}`]),
  ];
}

function dataLines({ newest, ageSeconds: age, tooOld, failed }: NonNullable<AppStatus['data']>): readonly string[] {
  const old = tooOld ? ', which is too old (data.max_age)' : '';
  const said =
    newest === null
      ? `data: there is no dump${tooOld ? ', and data.max_age is set' : ''}: zebu data:dump`
      : `data: the newest dump is ${newest.id}, ${formatSeconds(age ?? 0)} ago (${formatBytes(newest.bytes)})${old}`;
  return failed === null ? [said] : [said, `data: failed at ${formatMinute(failed.at)} UTC: ${failed.reason}`];
}

/** `app:status` for people. */
export function statusLines(
  status: AppStatus,
  width = Infinity,
  { backup = null, now = new Date() }: { readonly backup?: BackupAge | null; readonly now?: Date } = {},
): readonly string[] {
  const { broken, probation, last, live, deploying, interrupted, drift, machine, release, url, host } = status;
  const lines = [`${status.app}: ${condition(status)}${url === null ? ` on ${host}` : `, ${url}`}`];
  if (release !== null)
    lines.push(
      live === null
        ? `live: release ${release}`
        : `live: ${live.ref} (${live.commit.slice(0, 7)} ${live.subject}) since ${formatMinute(live.since)} UTC by ${live.by}, release ${release}`,
    );
  if (probation !== null)
    lines.push(
      `on probation, ${formatSeconds(probation.secondsLeft)} left: if it fails, ${probation.previous} is gone back to`,
    );
  if (broken !== null) lines.push(`${broken}. ${LINK_REMEDY}`);
  // Of a deploy that went well the line above tells.
  if (last !== null && (live === null || last.verdict !== 'live')) {
    const reason = last.reason === '' ? '' : ` (${last.reason})`;
    lines.push(`last deploy: ${last.ref} by ${last.who}: ${last.verdict}${reason}`);
  }
  if (deploying !== null) lines.push(`a deploy is running: ${describeHolder(deploying)}`);
  if (interrupted !== null)
    lines.push(`the deploy of ${interrupted.release} was interrupted in phase ${interrupted.phase}: zebu app:recover`);
  for (const each of drift ?? []) lines.push(`drift: ${each}`);
  if (status.watch !== null) lines.push(...watchLines(status.watch));
  if (status.proofs !== null) lines.push(...proofLines(status.proofs, now));
  if (status.data !== null) lines.push(...dataLines(status.data));
  if (status.dumpProofs !== null) lines.push(...dumpProofLines(status.dumpProofs, now));
  if (machine !== null) lines.push(`VM: ${machineText(machine)}`);
  if (backup !== null) lines.push(`backup: ${backupText(backup)}`);
  const columns: readonly (readonly [string, (each: ServiceState) => string])[] = [
    ['SERVICE', (each) => nameOf(each, status.services)],
    ['STATE', stateText],
    ['HEALTH', healthText],
    ['RESTARTS', ({ restarts }) => String(restarts)],
    ['CPU', cpuText],
    ['MEMORY', memoryText],
    // What one can do without where there is no room for all.
    ...(width < NARROW ? [] : [['IMAGE', ({ image }: ServiceState) => image] as const]),
    ['PORTS', ({ ports }) => ports.join(' ')],
  ];
  const header = columns.map(([title]) => title);
  const rows = status.services.map((each) => columns.map(([, cell]) => cell(each)));
  return [...lines, ...table(header, rows, width)];
}

function age(startedAt: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(startedAt)) / 1000;
  return Number.isNaN(seconds) ? '-' : formatSeconds(Math.max(0, seconds));
}

/** `app:top` for people: the busiest first. */
export function topLines(
  view: { readonly app: string; readonly services: readonly ServiceState[]; readonly machine: Machine | null },
  now: Date,
  width?: number,
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
    ...table(['SERVICE', 'CPU', 'MEMORY', 'STATE', 'HEALTH', 'RESTARTS', 'UP'], rows, width),
  ];
}
