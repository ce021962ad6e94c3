import { isZebuError, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import { latestEntries } from '../app-folder/secrets/versions.js';
import type { Context } from '../context/context.js';
import { parseFacts } from '../guest/facts.js';
import { openGuest } from '../guest/session.js';
import { bringPackages, installUnits } from '../guest/units.js';
import { bootPart } from '../runs/programs/boot.js';
import { runnerPart } from '../runs/programs/runner-part.js';
import { survey } from '../runs/survey.js';
import { bringWanted } from '../upkeep/bring.js';
import { ownerOf } from '../upkeep/wanted.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { keyPage, usesKey } from './address.js';
import { credentialProgram, prepareEnabling, settingsFile, type Enabling } from './enabled.js';
import { parseLooked } from './read.js';
import type { PullEnabled } from './results.js';
import { POLL_UNIT, pullUnits, RUN_UNIT } from './units.js';
import ENABLE from './enable.sh';
import READY from './ready.sh';
import { lastLine } from '../guest/lines.js';

const READY_MS = 60_000;
/** For installing gpg, at most. */
const PACKAGES_MS = 600_000;
const ENABLE_MS = 180_000;
/** A look fetches, too. */
const LOOK_MS = 900_000;

/** States of a look that say the server did not let the VM ask. */
const OUTSIDE = new Set(['away', 'host-key-changed', 'key-refused', 'not-found', 'untrusted']);

/** The first git that knows signatures by SSH keys. */
const SSH_SIGNATURES = [2, 34] as const;

function olderThan(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, have = 0, less = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  return have < major || (have === major && less < minor);
}

/** @throws VM_NOT_READY */
async function checkReady(session: SshSession, context: Context, { signers, address }: Enabling): Promise<void> {
  const { io, signal } = context;
  const look = async (): Promise<ReadonlyMap<string, string>> =>
    parseFacts((await session.exec({ line: READY }, { signal, timeoutMs: READY_MS })).stdout);
  const facts = await look();
  const git = facts.get('git') ?? '';
  const refuse = (message: string, hint: string): ZebuError => new ZebuError('VM_NOT_READY', message, { hint });
  if (git === '') throw refuse('There is no git in the VM', 'zebu vm:ssh -- sudo apt-get install git');
  if (signers.ssh !== '' && olderThan(git, SSH_SIGNATURES))
    throw refuse(
      `git ${git} in the VM does not know signatures by SSH keys`,
      'Debian 12 and Ubuntu 22.04 have a git that does; or sign with OpenPGP.',
    );
  if ((signers.ssh !== '' || usesKey(address)) && !facts.has('keygen'))
    throw refuse('There is no ssh-keygen in the VM', 'zebu vm:ssh -- sudo apt-get install openssh-client');
  if (signers.openpgp === '' || facts.has('gpg')) return;
  await bringPackages(session, ['gpg'], { io, signal, timeoutMs: PACKAGES_MS }).catch((error: unknown) => {
    // What came of it is looked at.
    if (!isZebuError(error) || error.code !== 'VM_NOT_READY') throw error;
  });
  if (!(await look()).has('gpg'))
    throw refuse(
      'pull.signed_by names an OpenPGP key, and gpg is not in the VM and could not be installed',
      'zebu vm:ssh -- sudo apt-get install gpg',
    );
}

/** What will be done, for people. */
function plannedSteps({ address, pull, signers, unsigned, hostKeys, sum }: Enabling, app: string): readonly string[] {
  const what =
    pull.branch === undefined ? `tags ${pull.tags ?? 'v*'}, the highest version first` : `the branch ${pull.branch}`;
  return [
    ...(usesKey(address) ? ['make a deploy key in the VM, unless it has one'] : []),
    ...(hostKeys === undefined ? [] : [`pin the host key of ${address.host}, from ${hostKeys.from}`]),
    `watch ${address.url} every ${pull.every} s: ${what}`,
    unsigned ? 'deploy what anybody pushed' : `deploy only what is signed by ${signers.names.join(', ')}`,
    `deploy only commits whose ${sum.files.join(' and ')} ${sum.files.length === 1 ? 'is' : 'are'} as here (${sum.sum.slice(0, 12)})`,
    `install and start zebu-${POLL_UNIT}@${app}.timer and zebu-${RUN_UNIT}@${app}.path in the VM`,
  ];
}

function enableScript(
  context: Context,
  enabling: Enabling,
  sums: ReadonlyMap<string, string>,
  newKey: boolean,
): string {
  const { app, vm } = context.config;
  return (
    variables({
      app: app.name,
      base: appLayout(app.name).base,
      scheme: enabling.address.scheme,
      new_key: newKey ? 1 : 0,
      known_hosts: enabling.hostKeys?.text ?? '',
      signers: enabling.signers.ssh,
      openpgp: enabling.signers.openpgp,
      authority: enabling.authority,
      credential: credentialProgram(enabling, app.name),
      plan: enabling.plan,
      settings: settingsFile(enabling, context.clock.now()),
      boot: bootPart(vm.user, sums),
      ...runnerPart(sums).values,
    }) + ENABLE
  );
}

/** Starts a look at the repository by hand, and reads what it says. */
export async function lookNow(session: SshSession, context: Context, now: 'now' | 'once') {
  const { base } = appLayout(context.config.app.name);
  const { stdout, stderr, code } = await session.exec(['sh', `${base}/units/${POLL_UNIT}`, now], {
    signal: context.signal,
    timeoutMs: LOOK_MS,
  });
  const looked = parseLooked(parseFacts(stdout));
  if (looked === null && code !== 0)
    throw new ZebuError('VM_NOT_READY', `The repository could not be looked at: ${lastLine(stderr)}`);
  return looked;
}

export interface EnableOptions {
  readonly dryRun: boolean;
  /** Make a new deploy key in place of the one there is. */
  readonly newKey: boolean;
}

/** Has the VM deploy by itself, as zebu.yml says now. @throws CONFIG_INVALID, HOST_KEY_UNKNOWN, SECRET_MISSING, VM_NOT_READY */
export async function enablePull(context: Context, options: EnableOptions): Promise<PullEnabled> {
  const { config, io, signal } = context;
  const enabling = await prepareEnabling(context);
  const { address, pull, signers, sum, hostKeys } = enabling;
  const { name } = config.app;
  const layout = appLayout(name);
  let key: string | null = null;
  let looked: PullEnabled['looked'] = null;
  const work = async (report: StepReport): Promise<void> => {
    report.update('finding and connecting to the VM');
    const { session } = await openGuest(context);
    report.update('looking at git and the secrets in the VM');
    await checkReady(session, context, enabling);
    const found = await survey(session, layout, signal);
    const inVm = Object.keys(latestEntries(found.secrets));
    const lacking = enabling.needs.filter((each) => !inVm.includes(each));
    if (pull.secret !== undefined && lacking.includes(pull.secret))
      throw new ZebuError('SECRET_MISSING', `The VM has no value for ${pull.secret}, the token for ${address.host}`, {
        hint: `zebu secrets:set ${pull.secret}`,
      });
    if (lacking.length > 0)
      io.warn(
        `The VM has no value for ${lacking.join(', ')}: until it has, nothing is deployed (zebu secrets:sync or secrets:set)`,
      );
    if (enabling.certificate && found.certificateInForce === undefined)
      throw new ZebuError('VM_NOT_READY', 'The VM does not have the certificate of app.proxy.tls yet', {
        hint: 'A deploy from here brings it, and each that is renewed: zebu app:deploy',
      });
    report.update('writing');
    const { stdout, stderr, code } = await session.exec(
      { line: enableScript(context, enabling, found.sums, options.newKey) },
      { stdin: await runnerPart(found.sums).input(), signal, timeoutMs: ENABLE_MS },
    );
    if (code !== 0)
      throw new ZebuError('VM_NOT_READY', `Pull deploys could not be set up in the VM: ${lastLine(stderr)}`);
    key = parseFacts(stdout).get('key') ?? null;
    report.update('installing its units');
    await bringWanted(context, session, found.units, report);
    await installUnits(session, ownerOf(config), pullUnits(config.deploy, pull.every), {
      io,
      signal,
      timeoutMs: ENABLE_MS,
    });
    report.update(`asking ${address.host}`);
    looked = await lookNow(session, context, 'once');
  };
  if (!options.dryRun) await runSteps(io, signal, [{ title: `Let the VM deploy ${name} by itself`, run: work }]);
  // What an assignment in a function makes of it is nothing the compiler sees.
  const last = looked as PullEnabled['looked'];
  return {
    app: name,
    dryRun: options.dryRun,
    repository: address.url,
    tags: pull.branch === undefined ? (pull.tags ?? 'v*') : null,
    branch: pull.branch ?? null,
    every: pull.every,
    signedBy: [...signers.names],
    planHash: sum.sum,
    hostKeysFrom: hostKeys?.from ?? null,
    key,
    keyPage: keyPage(address) ?? null,
    accepted: last === null ? null : !OUTSIDE.has(last.state ?? ''),
    looked: last,
    steps: [...plannedSteps(enabling, name)],
  };
}
