import { posix } from 'node:path';
import { commandLine, quote } from '@zebu/kit';
import { dotenvLine } from '@zebu/kit/core';
import { dumpSettings } from '../dumps/settings.js';
import { ownSecrets } from '../config/own-secrets.js';
import { durationSeconds } from '../config/durations.js';
import type { Config } from '../config/schema.js';
import type { Author } from '../app-folder/author.js';
import { registryFunctions, type RegistryLogin } from '../app-folder/registries.js';
import { frontPlan, type FrontFiles } from '../app-folder/front-proxy.js';
import type { Target } from '../repository/git.js';
import { clientBound, probeName, type Probe } from '../runs/client-probes.js';
import type { ReleaseId } from '../app-folder/release-id.js';
import PROBE_FUNCTIONS from './probe-functions.sh';

export interface ReleasePlan {
  readonly id: ReleaseId;
  readonly target: Target;
  /** 40 hex digits: what the checkout is made of, see `SentCommit`. */
  readonly sent: string;
  readonly author: Author;
  /** Where zebu.yml is below the top of the repository; empty for the top. */
  readonly prefix: string;
  /** The client stays connected, and can run the probes from outside. */
  readonly watched: boolean;
  /** A person is there to read how it ends. */
  readonly attended: boolean;
  /** Every image is built, also one whose files and settings are those of one that is there. */
  readonly rebuild: boolean;
  /** What Compose files can ask of `.env` beside secrets; undefined keeps what the live release has. */
  readonly settings: ReadonlyMap<string, string> | undefined;
  readonly front: FrontFiles;
  /** Where to log in before images are pulled and built. */
  readonly registries: readonly RegistryLogin[];
}

/** Options of `docker compose` that choose files and profiles; schema-checked to be free of blanks. */
function composeOptions(app: Config['app']): string {
  return [...app.compose.map((file) => `-f ${file}`), ...app.profiles.map((profile) => `--profile ${profile}`)].join(
    ' ',
  );
}

/** The members of the history's JSON line that are known before the deploy. */
function recordMembers(plan: ReleasePlan): string {
  const { id, target, author } = plan;
  const members = { id, ref: target.ref, kind: target.kind, commit: target.commit, subject: target.subject, ...author };
  return JSON.stringify(members).slice(1, -1);
}

const envLines = (variables: Iterable<readonly [name: string, value: string]>): string =>
  [...variables].map(([name, value]) => `${dotenvLine(name, value)}\n`).join('');

/** What Compose files can ask of the release, as in `image: registry.example.org/shop:${ZEBU_REF}`. */
function releaseEnv({ id, target }: ReleasePlan): string {
  return envLines([
    ['ZEBU_REF', target.ref],
    ['ZEBU_COMMIT', target.commit],
    ['ZEBU_RELEASE', id],
  ]);
}

/** `service=strategy ...` for the services that have one of their own. */
function serviceStrategies({ deploy }: Config): string {
  return Object.entries(deploy.services)
    .flatMap(([name, { strategy }]) => (strategy === undefined ? [] : [`${name}=${strategy}`]))
    .join(' ');
}

function probeLine(probe: Probe): string {
  if ('http' in probe) {
    const statuses = probe.status === undefined ? '' : [probe.status].flat().join(',');
    return commandLine(['probe_http', probe.http, statuses, probe.body ?? '', probe.insecure ? '1' : '0']);
  }
  if ('tcp' in probe) {
    const cut = probe.tcp.lastIndexOf(':');
    return commandLine(['probe_tcp', probe.tcp.slice(0, cut).replaceAll(/[[\]]/g, ''), probe.tcp.slice(cut + 1)]);
  }
  return commandLine(['probe_command', probe.service, ...probe.command]);
}

/** Seconds for finding the VM, and for what the client says before and after the task. */
const SNAPSHOT_SLACK = 60;

/** Whether the VM is to be snapshotted before the switch for certain; `migrations` may be meant of a service, which the runner sees. */
export function wantsSnapshot({ snapshot, release_command: command }: Config['deploy']): boolean {
  return snapshot === 'always' || (snapshot === 'migrations' && command !== undefined);
}

/** See probe-functions.sh. */
function probeFunctions(probes: readonly Probe[]): string {
  const cases = (body: (probe: Probe) => string): string =>
    probes.map((probe, index) => `    ${index + 1}) ${body(probe)} ;;\n`).join('');
  const about = (probe: Probe): string =>
    `probe_name=${quote(probeName(probe))} probe_timeout=${Math.ceil(probe.timeout)} probe_interval=${probe.interval}`;
  return PROBE_FUNCTIONS.trimStart()
    .replace('# <about>\n', () => cases(about))
    .replace('# <attempt>\n', () => cases(probeLine));
}

/** Numbers that the runner takes for 0 when they are left out. */
const ABSENT: Readonly<Record<string, string>> = { dump_when: 'never' };
const ZERO = new Set(['app_weight', 'client_wait', 'drain', 'probation', 'probes', 'snapshot_wait']);

/**
 * What the runner sources: assignments, each value one quoted word, and functions made of quoted words. What is not there is
 * empty: the runner unsets what an earlier plan may have set.
 *
 * project; folder (below the release, where zebu.yml is); directory (the same of the first Compose file, whose folder is
 * Compose's project directory); files (compose options); record (members of the
 * history's line); release_env (variables for the Compose files); settings (what .env holds beside secrets) and settings_from (here, or
 * live: those of the live release); limits in seconds, MiB and GB; secrets (version file,
 * added in the VM); the probes; release_service with release_command; and for what is replaced without a gap strategy, strategies (service=strategy
 * ...), drain, routes (services behind the front proxy), proxy_compose and proxy_config (texts of its files);
 * with it proxy_authority (PEM), proxy_tried (an image that is asked before whether it has what the configuration wants), certificate
 * (id of a file in the VM), certificate_held (1: that in force comes first) and certificate_domains (what it is for);
 * probation (seconds after going live in which it is still gone back from, 0: none); snapshot_wait (seconds for the client to take a
 * snapshot before the switch, 0: none) and snapshot_when (migrations: where something migrates; empty: in any case);
 * registries (hosts) with registry_1 and so on, and registry_secrets (names of the secrets that are not for services, see
 * `ownSecrets`); attended (a person is there to read what is refused); rebuild (1: whatever was built before);
 * dump_when (never, migrations, always) with the settings of dumps, see `dumpSettings`;
 * for the build parallel (services at once, empty: all) and app_weight (CPU shares of the app meanwhile, 0: as they are).
 */
export function planFile(plan: ReleasePlan, config: Config): string {
  const { app, deploy, proxmox } = config;
  const inVm = deploy.probes.filter((probe) => !('from' in probe) || probe.from === 'vm');
  const release = deploy.release_command;
  const folder = posix.join('tree', plan.prefix);
  const values: Readonly<Record<string, string>> = {
    project: app.name,
    folder,
    directory: posix.join(folder, posix.dirname(app.compose[0] ?? '.')),
    files: composeOptions(app),
    record: recordMembers(plan),
    release_env: releaseEnv(plan),
    settings_from: plan.settings === undefined ? 'live' : 'here',
    settings: envLines(plan.settings ?? []),
    timeout: String(Math.ceil(deploy.timeout)),
    build_timeout: String(Math.ceil(deploy.build_timeout)),
    stability: String(Math.ceil(deploy.stability)),
    keep: String(deploy.keep),
    strategy: deploy.strategy,
    strategies: serviceStrategies(config),
    drain: String(Math.ceil(deploy.drain)),
    parallel: deploy.build.parallel === undefined ? '' : String(deploy.build.parallel),
    app_weight: String(deploy.build.app_weight),
    ...frontPlan(config, plan.front),
    build_cache: `${deploy.build_cache_gb}GB`,
    min_free: String(deploy.min_free_mb),
    min_memory: String(deploy.min_memory_mb),
    probes: String(inVm.length),
    registries: plan.registries.map(({ host }) => host).join(' '),
    registry_secrets: ownSecrets(config).join(' '),
    attended: plan.attended ? '1' : '',
    rebuild: plan.rebuild ? '1' : '',
    client_wait: String(plan.watched ? clientBound(deploy.probes) : 0),
    probation: String(durationSeconds(deploy.probation)),
    release_service: release?.service ?? '',
    dump_when: deploy.dump,
    // Where nobody is there to take it, there is nothing to wait for.
    snapshot_wait: String(
      deploy.snapshot === 'never' ? 0 : plan.watched ? Math.ceil(proxmox.task_timeout) + SNAPSHOT_SLACK : 1,
    ),
    snapshot_when: deploy.snapshot === 'migrations' ? 'migrations' : '',
  };
  const assignments = Object.entries(values)
    .filter(([name, value]) => value !== (ABSENT[name] ?? (ZERO.has(name) ? '0' : '')))
    .map(([name, value]) => `${name}=${quote(value)}\n`);
  const functions = inVm.length === 0 ? '' : probeFunctions(inVm);
  const command =
    release === undefined
      ? ''
      : `release_command() { compose run --rm -T --name "zebu-release-$project" ${commandLine([release.service, ...release.command])}; }\n`;
  const logins = plan.registries.length === 0 ? '' : registryFunctions(plan.registries);
  const dumps = deploy.dump === 'never' ? '' : dumpSettings(config);
  return assignments.join('') + dumps + functions + command + logins;
}
