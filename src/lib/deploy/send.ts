import { handledLater } from '@zebu/kit';
import type { ProxyCertificate } from '../certificate/read.js';
import type { Config } from '../config/schema.js';
import type { Context } from '../context/context.js';
import { openGuest, type Guest } from '../guest/session.js';
import type { CollectedSecrets } from '../secrets/collect.js';
import { deployBundle, describeChanged } from '../secrets/deploy-bundle.js';
import { bringWanted } from '../upkeep/bring.js';
import type { StepReport } from '../ui/steps.js';
import { formatBytes } from '../ui/units.js';
import { attach } from '../runs/attach.js';
import type { LocalGit } from '../repository/git.js';
import { launch } from '../runs/launch.js';
import { appLayout } from '../app-folder/layout.js';
import { describeHolder, lockHeld, parseHolder, refusedBy, type Holder } from '../app-folder/lock.js';
import type { DeployResult } from './results.js';
import { planFile, wantsSnapshot, type ReleasePlan } from './plan.js';
import { receiveScript } from '../runs/programs/index.js';
import { runnerPart } from '../runs/programs/runner-part.js';
import { surveyThenWait } from '../runs/survey.js';
import type { Run } from '../runs/watch.js';

export interface Sending {
  readonly git: LocalGit;
  readonly release: ReleasePlan;
  readonly secrets: CollectedSecrets;
  /** For registries, printed by commands: lines as in a version file. */
  readonly tokens: string;
  readonly certificate: ProxyCertificate | undefined;
  /** Seconds to wait for the lock. */
  readonly lockWait: number;
  /** A connection that was opened while git was asked. */
  readonly early: Promise<Guest | undefined> | undefined;
  /** `prepare` ends before the switch. */
  readonly mode: 'deploy' | 'prepare';
}

export interface Sent {
  /** The release that was live when we took the lock; null for none. */
  readonly previous: string | null;
  /** Address of the VM. */
  readonly host: string;
  /** Secrets that got another value. */
  readonly secrets: DeployResult['secrets'];
}

function previousOf(preamble = ''): string | undefined {
  return /^previous=(.+)$/m.exec(preamble)?.[1]?.split('/').at(-1);
}

/** In a copy of the VM there is nobody to be asked, and nothing to be watched afterwards. */
const withoutClient = (config: Config): Config => ({
  ...config,
  deploy: { ...config.deploy, snapshot: 'never', probation: '0' },
});

/**
 * Asks the VM what it has, sends the rest, and starts the run there; or attaches to the one that brings the same commit.
 * Refused when another release went live after the VM was asked, unless it was to wait its turn.
 * @throws LOCK_HELD, NO_SPACE, VM_NOT_READY
 */
export async function sendRelease(
  context: Context,
  { git, release, secrets, tokens, certificate, lockWait, early, mode }: Sending,
  run: Run,
  report: StepReport,
): Promise<Sent> {
  const { config, clock, signal } = context;
  const { id, target, sent, author } = release;
  const layout = appLayout(config.app.name);
  report.update('finding and connecting to the VM');
  const { session, address } = await openGuest(context, early);
  report.update('asking what it has');
  const surveyed = surveyThenWait(session, layout, signal);
  const known = handledLater(git.known(surveyed.then(({ found: { haves } }) => haves)));
  const { found, opened } = await surveyed;
  const before = { previous: found.current, host: address.host, secrets: [] };
  const attachTo = async (other: Holder & { readonly run: string }): Promise<Sent> => {
    report.update(`the same commit is being deployed by ${describeHolder(other)}`);
    run.id = other.run;
    await attach(context, session, run);
    report.done(`the same commit is being deployed already by ${describeHolder(other)}`);
    return before;
  };
  const brings = (other: Holder | undefined): other is Holder & { readonly run: string } =>
    mode === 'deploy' && other?.commit === target.commit && other.run !== undefined && target.kind !== 'dirty';
  const holder = parseHolder(found.holder);
  if (brings(holder)) return attachTo(holder);
  if (found.holder !== undefined && lockWait === 0) throw lockHeld(found.holder);
  if (holder !== undefined) report.update(`waiting for the deploy of ${describeHolder(holder)}`);
  await bringWanted(context, session, found.units, report);
  const bundle = deployBundle(context, secrets, found.secrets);
  const haves = await known;
  const needed = !haves.includes(sent);
  const plan = planFile(release, mode === 'deploy' ? config : withoutClient(config));
  const runner = runnerPart(found.sums);
  const lacking = certificate !== undefined && !found.certificates.includes(certificate.id) ? certificate : undefined;
  const pem = lacking?.text.reveal() ?? '';
  const script = receiveScript({
    layout,
    id,
    run: id,
    mode,
    commit: sent,
    holder: JSON.stringify({
      ...author,
      since: clock.now().toISOString(),
      id,
      run: id,
      ref: mode === 'deploy' ? target.ref : `rehearsal of ${target.ref}`,
      // Who deploys the same commit waits for a deploy of it, and not for this.
      ...(mode === 'deploy' ? { commit: target.commit } : {}),
    }),
    user: config.vm.user,
    lockWait,
    over: lockWait === 0 ? found.current : undefined,
    runner,
    sums: found.sums,
    plan,
    secretsSize: Buffer.byteLength(bundle.text),
    tokensSize: Buffer.byteLength(tokens),
    certificate: lacking === undefined ? undefined : { id: lacking.id, size: Buffer.byteLength(pem) },
    secretsVersion: found.secrets.latest,
    pack: needed,
  });
  if (mode === 'deploy' && wantsSnapshot(config.deploy)) {
    report.update('asking Proxmox whether the VM can have a snapshot');
    const { readyForDeploy } = await import('../runs/snapshot.js');
    await readyForDeploy(context, id);
  }
  if (holder === undefined) report.update('sending');
  const pack = needed ? () => git.pack(sent, haves) : undefined;
  const tick = setInterval(() => {
    if (run.sent && holder === undefined) report.update('the VM writes the files of the release');
    else if (run.bytes > 0 && !run.sent) report.update(`sending: ${formatBytes(run.bytes)}`);
  }, 1000);
  try {
    await launch(
      context,
      session,
      { opened, script, parts: [await runner.input(), bundle.text, tokens, pem], pack },
      run,
    );
  } catch (error) {
    const winner = refusedBy(error);
    if (!brings(winner)) throw error;
    return attachTo(winner);
  } finally {
    clearInterval(tick);
  }
  const { changed } = bundle;
  const sentText = needed ? formatBytes(run.bytes) : 'no new commit to send';
  report.done(changed.length === 0 ? sentText : `${sentText}; secrets: ${describeChanged(changed)}`);
  // Whoever had the lock until now may have changed it.
  return {
    ...before,
    previous: previousOf(run.journal?.preamble) ?? before.previous,
    secrets: changed.map(({ name, status }) => ({ name, status })),
  };
}
