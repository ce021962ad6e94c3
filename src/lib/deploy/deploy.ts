import { posix } from 'node:path';
import { handledLater, ZebuError } from '@zebu/kit';
import { durationSeconds } from '../config/durations.js';
import type { Context } from '../context/context.js';
import { openGuestEarly, type Guest } from '../guest/session.js';
import type { ProxyCertificate } from '../certificate/read.js';
import { collectSecrets, type CollectedSecrets } from '../secrets/collect.js';
import { sourceEntries } from '../secrets/env-files.js';
import { printedTokens, registryLogins } from '../secrets/registries.js';
import { around } from '../hooks/around.js';
import { collectSettings } from '../settings/collect.js';
import { runSteps, type Step } from '../ui/steps.js';
import { author } from '../app-folder/author.js';
import type { DeployResult } from './results.js';
import { LocalGit, type Target, type WantedRef, type SentCommit } from '../repository/git.js';
import { appUrl } from '../app-folder/urls.js';
import { appLayout } from '../app-folder/layout.js';
import { probationOf, stayThroughProbation } from '../runs/probation.js';
import { formatSeconds } from '../ui/units.js';
import { brokenOff } from '../runs/outcome.js';
import { wantsSnapshot, type ReleasePlan } from './plan.js';
import { NameTaken } from '../app-folder/lock.js';
import { makeReleaseId } from '../app-folder/release-id.js';
import { readFront } from './front.js';
import { sendRelease, type Sent } from './send.js';
import { carryOut, newRun } from '../runs/watch.js';

export interface DeployOptions {
  readonly ref: WantedRef;
  /** Seconds. */
  readonly lockWait: number;
  /** Start it and do not wait for its end. */
  readonly detach: boolean;
  /** Stay until its probation is over, too. */
  readonly stay: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Have every image built, see `ReleasePlan`; false when it is left out. */
  readonly rebuild?: boolean;
}

/** The commit as it is sent. @throws COMPOSE_INVALID, REPOSITORY_INCOMPLETE */
async function sentWithComposeFiles(
  { config }: Context,
  git: LocalGit,
  target: Target,
  prefix: string,
): Promise<SentCommit> {
  const places = new Map(config.app.compose.map((file) => [posix.join(prefix, file), file]));
  const sent = await git.sentCommit(target, [...places.keys()]);
  const [lacking] = sent.lacking;
  if (lacking === undefined) return sent;
  const file = places.get(lacking) ?? lacking;
  throw new ZebuError('COMPOSE_INVALID', `There is no ${file} in ${target.ref}`, {
    hint: 'app.compose names the Compose files, relative to zebu.yml; they must be committed.',
    details: { file, commit: target.commit },
  });
}

/** What a deploy of it would refuse whatever the VM is like. @throws COMPOSE_INVALID, REF_UNKNOWN, GIT_MISSING */
export async function checkCommit(context: Context, ref: WantedRef): Promise<void> {
  const git = new LocalGit(context.root, context.signal);
  const { target, prefix } = await git.resolve(ref);
  await sentWithComposeFiles(context, git, target, prefix);
}

/** Makes the commit live in the VM, or leaves what was live before. */
export function deploy(context: Context, options: DeployOptions): Promise<DeployResult> {
  const { ref } = options;
  // Hooks of plugins run for deploys, not for dry runs.
  if (options.dryRun) return deployRef(context, options);
  const input = { ref: ref.kind === 'dirty' ? 'working tree' : ref.name, kind: ref.kind, commit: null };
  return around(
    context,
    'deploy',
    input,
    () => deployOnce(context, options),
    (result) => result,
  );
}

/** A deploy may be over within the second that the next one of the same commit would be named after. */
async function deployOnce(context: Context, options: DeployOptions): Promise<DeployResult> {
  try {
    return await deployRef(context, options);
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error;
    await context.clock.sleep(1000, context.signal);
    return deployRef(context, options);
  }
}

/** Loads the SSH library while git runs, so that connecting need not wait for it. */
async function loadSsh(): Promise<void> {
  await (await import('@zebu/kit/ssh')).prepareSsh();
}

/** The env files that Compose reads here and will not find in the VM, where one that may be missing is missing without a word. */
async function findUnsent(context: Context, git: LocalGit, commit: string, prefix: string): Promise<readonly string[]> {
  const sent = (await sourceEntries(context)).flatMap(({ use, file }) =>
    use === 'dotenv' ? [posix.join(prefix, typeof file === 'string' ? file : '.env')] : [],
  );
  return git.unsent(commit, sent);
}

function sayUnsent({ io }: Context, files: readonly string[]): void {
  if (files.length > 0)
    io.warn(
      `Not part of the commit, and not sent, though Compose files name it: ${files.join(', ')}; commit it without secrets, or put what services need into .env and their environment`,
    );
}

/** What is asked for, as far as it decides what is gathered. */
export type Asked = Pick<DeployOptions, 'detach' | 'dryRun' | 'rebuild' | 'ref'>;

export interface Gathered {
  readonly git: LocalGit;
  readonly target: Target;
  readonly release: ReleasePlan;
  readonly secrets: CollectedSecrets;
  /** For registries, printed by commands. */
  readonly tokens: string;
  readonly certificate: ProxyCertificate | undefined;
  readonly early: Promise<Guest | undefined> | undefined;
}

/** Everything of a release that is known here. What can be told from here is told before the VM is asked anything. */
export async function gather(context: Context, { ref, detach, dryRun, rebuild = false }: Asked): Promise<Gathered> {
  const { io, signal, clock } = context;
  const git = new LocalGit(context.root, signal);
  const early = dryRun ? undefined : openGuestEarly(context);
  const [{ target, prefix }, userName] = await Promise.all([git.resolve(ref), git.userName(), loadSsh()]);
  const unsent = handledLater(findUnsent(context, git, target.commit, prefix));
  const source = await sentWithComposeFiles(context, git, target, prefix);
  const secrets = await collectSecrets(context);
  const [settings] = await Promise.all([
    collectSettings(context, git, target.commit, secrets),
    unsent.then((files) => {
      sayUnsent(context, files);
    }),
  ]);
  const registries = await registryLogins(context);
  const { certificate, files: front } = await readFront(context);
  const tokens = dryRun ? '' : await printedTokens(context);
  const release = {
    id: makeReleaseId(clock.now(), target.commit),
    target,
    sent: source.commit,
    author: author(context, userName),
    prefix,
    watched: !detach,
    attended: !detach && io.interactive,
    rebuild,
    settings,
    registries,
    front,
  };
  return { git, target, release, secrets, tokens, certificate, early };
}

async function deployRef(context: Context, options: DeployOptions): Promise<DeployResult> {
  const { config, io, signal } = context;
  if (options.detach && wantsSnapshot(config.deploy)) {
    throw new ZebuError('USAGE', 'With --detach nobody is there to take the snapshot that deploy.snapshot asks for', {
      hint: 'Leave --detach out, or add --set deploy.snapshot=never',
    });
  }
  if (options.stay && durationSeconds(config.deploy.probation) === 0) {
    throw new ZebuError('USAGE', 'There is no probation to stay for: deploy.probation is 0', {
      hint: 'Leave --probation out, or add --set deploy.probation=10m',
    });
  }
  const gathered = await gather(context, options);
  const { git, target, release, secrets, certificate, early, tokens } = gathered;
  const { id } = release;
  const layout = appLayout(config.app.name);
  const common = { ref: target.ref, commit: target.commit };
  if (options.dryRun) {
    const { planDeploy } = await import('./dry-run/index.js');
    const { bytes, ...planned } = await planDeploy(context, git, layout, release, { secrets, certificate });
    return {
      release: id,
      ...common,
      ...planned,
      seconds: 0,
      sentBytes: bytes,
      secrets: planned.plan.secrets,
      probation: probationOf(config, planned.previous),
      url: config.app.url ?? null,
      verdict: 'planned',
    };
  }
  const run = newRun(id);
  let sent: Sent = { previous: null, host: '', secrets: [] };
  const send: Step = {
    title: `Send ${target.ref} (${target.commit.slice(0, 7)}) to the VM`,
    run: async (report) => {
      sent = await sendRelease(
        context,
        { git, release, secrets, tokens, certificate, lockWait: options.lockWait, early, mode: 'deploy' },
        run,
        report,
      );
    },
  };
  if (options.detach) {
    try {
      await runSteps(io, signal, [send]);
    } catch (error) {
      throw brokenOff(error, { started: run.journal?.started === true, sent: run.sent, own: run.own }, run.id);
    }
    return {
      release: run.id,
      ...common,
      ...sent,
      seconds: 0,
      gaps: {},
      sentBytes: run.bytes,
      probation: probationOf(config, sent.previous),
      url: config.app.url ?? null,
      verdict: 'running',
      plan: null,
    };
  }
  const { seconds = 0, gaps, ports } = await carryOut(context, run, { first: [send], probing: true });
  const probation = probationOf(config, sent.previous);
  if (options.stay && probation > 0) {
    const title = `Probation of ${formatSeconds(probation)}`;
    await runSteps(io, signal, [{ title, run: (report) => stayThroughProbation(context, run.id, report) }]);
  }
  return {
    release: run.id,
    ...common,
    ...sent,
    seconds,
    gaps,
    sentBytes: run.bytes,
    probation: options.stay ? 0 : probation,
    url: appUrl(config.app, ports, sent.host),
    verdict: 'live',
    plan: null,
  };
}
