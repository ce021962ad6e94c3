import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Config } from '../../config/schema.js';
import type { ProxyCertificate } from '../../certificate/read.js';
import type { Context } from '../../context/context.js';
import { openGuest } from '../../guest/session.js';
import { compareSecrets, refuseUnwanted } from '../../secrets/changes.js';
import { checkRequired, type CollectedSecrets } from '../../secrets/collect.js';
import { newDigestKey } from '../../secrets/digest.js';
import { latestEntries } from '../../app-folder/secrets/versions.js';
import type { LocalGit, Target } from '../../repository/git.js';
import { parseHistory, type ReleaseRecord } from '../../app-folder/history.js';
import { describeHolder, parseHolder } from '../../app-folder/lock.js';
import type { AppLayout } from '../../app-folder/layout.js';
import { planFile, type ReleasePlan } from '../plan.js';
import { survey, type Survey } from '../../runs/survey.js';
import { wantedChange } from '../../upkeep/bring.js';
import { compareServices, composeConfig, type ComposeConfig } from './compare.js';
import { withDependents } from './dependents.js';
import { compareSettings } from './settings.js';
import { parseSections, parseTended, rehearsalScript } from './script.js';
import { plannedSteps } from './steps.js';
import { parseStrategies } from './strategy-line.js';
import type { DeployPlan, PlannedService, Room } from '../results.js';
import type { SecretChange } from '../../secrets/results.js';
import { lastLine } from '../../guest/lines.js';

/** What comes from this machine beside the commit. */
export interface Brought {
  readonly secrets: CollectedSecrets;
  readonly certificate: ProxyCertificate | undefined;
}

export interface Planned {
  readonly previous: string | null;
  readonly host: string;
  /** Bytes of git objects the deploy has to send. */
  readonly bytes: number;
  /** Seconds nobody is expected to answer, of the services for which it was measured before. */
  readonly gaps: Readonly<Record<string, number>>;
  readonly plan: DeployPlan;
}

/** What the deploy would do, from the VM as it is now; nothing is changed, there or here. */
export async function planDeploy(
  context: Context,
  git: LocalGit,
  layout: AppLayout,
  release: ReleasePlan,
  { secrets, certificate }: Brought,
): Promise<Planned> {
  const { config, signal } = context;
  const { session, address } = await openGuest(context);
  const found = await survey(session, layout, signal);
  const changes = planSecrets(context, secrets, found);
  const names = changes.filter(({ status }) => status !== 'missing').map(({ name }) => name);
  const haves = await git.known(found.haves);
  const { sections, bytes } = await rehearse(session, context, { git, layout, release, haves, names });
  const target = readTarget(sections, release.target);
  const history = parseHistory(sections.get('history') ?? '');
  const liveCommit = history.findLast(({ id }) => id === found.current)?.commit;
  const between = liveCommit === undefined ? undefined : await git.between(liveCommit, release.target.commit);
  const settings = compareSettings(
    sections.get('live-settings') ?? '',
    sections.get('settings') ?? '',
    release.settings,
  );
  const changedSecrets = changes.filter(({ status }) => ['added', 'changed', 'generated'].includes(status));
  const compared = compareServices({
    live: readConfig(sections.get('live')) ?? null,
    target,
    changedFiles: between?.files ?? null,
    changedSecrets: changedSecrets.map(({ name }) => name),
    changedSettings: settings.filter(({ status }) => /^(added|changed|removed)$/.test(status)).map(({ name }) => name),
    strategies: parseStrategies(sections.get('strategies') ?? ''),
    tended: parseTended(sections.get('tended') ?? ''),
  });
  const services = withDependents(compared, target, sections.get('version') ?? '');
  const hooks = linesOf(sections.get('hooks'));
  const holder = parseHolder(found.holder);
  return {
    previous: found.current,
    host: address.host,
    bytes,
    gaps: expectedGaps(services, history),
    plan: {
      commits: between?.commits ?? null,
      ahead: between?.ahead ?? null,
      behind: between?.behind ?? null,
      services,
      settings,
      secrets: changedSecrets.map(({ name, status }) => ({ name, status })),
      steps: plannedSteps(config, hooks, target, {
        bytes,
        paths: linesOf(sections.get('paths')),
        certificate,
        inForce: found.certificateInForce,
        units: wantedChange(context, found.units),
      }),
      room: rooms(sections, config),
      deploying: holder === undefined ? null : describeHolder(holder),
    },
  };
}

/** @throws SECRET_MISSING, SECRET_OUTDATED, SECRET_PROTECTED as the deploy would */
function planSecrets(context: Context, collected: CollectedSecrets, found: Survey): readonly SecretChange[] {
  const declared = context.config.secrets;
  checkRequired(context, collected, Object.keys(latestEntries(found.secrets)));
  const key = found.secrets.key ?? newDigestKey();
  const changes = compareSecrets({ declared, ...collected, store: found.secrets, key });
  refuseUnwanted(context.config, changes, found.secrets);
  return changes;
}

interface Rehearsed {
  readonly git: LocalGit;
  readonly layout: AppLayout;
  readonly release: ReleasePlan;
  readonly haves: readonly string[];
  readonly names: readonly string[];
}

async function rehearse(
  session: SshSession,
  context: Context,
  { git, layout, release, haves, names }: Rehearsed,
): Promise<{ readonly sections: ReadonlyMap<string, string>; readonly bytes: number }> {
  const { sent: commit } = release;
  const plan = Buffer.from(planFile(release, context.config));
  const markers = Buffer.from(names.map((name) => `${name}='zebu-marker-${name}-end'\n`).join(''));
  const needed = !haves.includes(commit);
  const pack = needed ? await git.packed(commit, haves) : Buffer.alloc(0);
  const script = rehearsalScript({
    layout,
    commit,
    planSize: plan.length,
    markersSize: markers.length,
    pack: needed,
  });
  const { code, stdout, stderr } = await session.exec(
    { line: script },
    { signal: context.signal, timeoutMs: 300_000, stdin: Buffer.concat([plan, markers, pack]) },
  );
  if (code === 0) return { sections: parseSections(stdout), bytes: pack.length };
  throw new ZebuError('VM_NOT_READY', `The VM could not look at the release: ${lastLine(stderr)}`);
}

/** @throws COMPOSE_INVALID */
function readTarget(sections: ReadonlyMap<string, string>, target: Target): ComposeConfig {
  const config = readConfig(sections.get('target'));
  if (config !== undefined) return config;
  const hook = /^pre-(build|deploy)$/m.exec(sections.get('hooks') ?? '')?.[0];
  const refused = sections.get('refused')?.trim();
  throw new ZebuError(
    'COMPOSE_INVALID',
    refused === undefined
      ? `Compose refuses the files of ${target.ref}: ${sections.get('error')?.trim() ?? 'no reason given'}`
      : `The deploy of ${target.ref} would be refused: ${refused}`,
    hook === undefined ? {} : { hint: `A plan does not run .zebu/hooks/${hook}, which may make what is missing.` },
  );
}

const linesOf = (text = ''): readonly string[] => text.split('\n').filter((line) => line !== '');

function readConfig(text: string | undefined): ComposeConfig | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = composeConfig.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** As long as it took the last time, for what is recreated; none for what is rolled. */
function expectedGaps(services: readonly PlannedService[], history: readonly ReleaseRecord[]): Record<string, number> {
  const gaps: Record<string, number> = {};
  for (const { service, change, strategy } of services) {
    if (change !== 'replaced' && change !== 'maybe-replaced') continue;
    const last = history.findLast(({ gaps: measured }) => service in measured)?.gaps[service];
    if (strategy === 'rolling') gaps[service] = 0;
    else if (last !== undefined) gaps[service] = last;
  }
  return gaps;
}

function rooms(sections: ReadonlyMap<string, string>, { deploy }: Config): readonly Room[] {
  const disks = (sections.get('room') ?? '').split('\n').flatMap((line): readonly Room[] => {
    const [, mb, place] = /^(\d+) (.+)$/.exec(line) ?? [];
    if (mb === undefined || place === undefined) return [];
    return [
      room(
        `disk at ${place}`,
        Number(mb),
        deploy.min_free_mb,
        'zebu app:prune, or a larger vm.disk_gb and zebu vm:apply',
      ),
    ];
  });
  const memory = Number(sections.get('memory')?.trim() ?? 0);
  return [...disks, room('memory and swap', memory, deploy.min_memory_mb, 'a larger vm.memory_mb and zebu vm:apply')];
}

function room(what: string, availableMb: number, neededMb: number, remedy: string): Room {
  const enough = availableMb >= neededMb;
  return { what, availableMb, neededMb, enough, remedy: enough ? null : remedy };
}
