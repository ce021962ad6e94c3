import { isZebuError, ZebuError, type ErrorCode } from '@zebu/kit';
import { appStatus } from '../app-folder/status.js';
import type { Context } from '../context/context.js';
import { checkCommit, deploy } from '../deploy/deploy.js';
import { planLines } from '../deploy/dry-run/text.js';
import type { DeployResult } from '../deploy/results.js';
import { diagnose } from '../doctor/doctor.js';
import { LocalGit, type WantedRef } from '../repository/git.js';
import { runSteps, type Step } from '../ui/steps.js';
import { createVm } from '../vm/create.js';
import type { VmCreated } from '../vm/results.js';
import { chooseRef, type Chosen } from '../repository/choose.js';
import type { UpResult } from './results.js';

export interface UpOptions {
  /** undefined: the newest tag, else what is checked out. */
  readonly ref: WantedRef | undefined;
  readonly dryRun: boolean;
  /** Asks whether to go on with what was shown. @throws what ends the command when not */
  readonly agree: () => Promise<unknown>;
}

/** What there is to do, seen before anything is changed. */
interface Plan {
  readonly chosen: Chosen;
  readonly vm: VmCreated;
  /** undefined where the VM is not there yet, or cannot be looked into before it is finished. */
  readonly release: DeployResult | undefined;
  /** The release is live as it would be, and healthy. */
  readonly live: boolean;
}

/** Runs the checks that have to succeed before a plan is made. @throws the first failure, naming the others */
async function check(context: Context): Promise<void> {
  await runSteps(context.io, context.signal, [
    {
      title: 'Check this machine, zebu.yml and Proxmox',
      run: async (report) => {
        const { checks } = await diagnose({
          context,
          guest: false,
          signal: context.signal,
          onWait: ({ ids }) => report.update(`waiting for ${ids.join(', ')}`),
          onResult: () => {},
        });
        const failed = checks.filter(({ status }) => status === 'fail');
        const [first, ...others] = failed;
        for (const { id, detail, remedy } of checks.filter(({ status }) => status === 'warn'))
          context.io.warn(`${id}: ${detail}${remedy === null ? '' : `; ${remedy}`}`);
        if (first !== undefined)
          throw new ZebuError(first.code as ErrorCode, `${first.id}: ${first.detail}`, {
            hint: [
              first.remedy,
              others.length === 0 ? null : `There is more (${others.map(({ id }) => id).join(', ')}): see zebu doctor.`,
            ]
              .filter((part) => part !== null)
              .join(' '),
          });
        report.done(`${checks.filter(({ status }) => status === 'ok').length} checks`);
      },
    },
  ]);
}

/** What can only be seen once vm:create has finished the VM. */
const UNFINISHED: ReadonlySet<string> = new Set<ErrorCode>(['UNREACHABLE', 'VM_NOT_READY']);

const isSame = ({ plan, previous }: DeployResult): boolean =>
  plan !== null &&
  previous !== null &&
  plan.ahead === 0 &&
  plan.behind === 0 &&
  plan.services.every(({ change }) => change === 'unchanged') &&
  plan.secrets.every(({ status }) => status === 'unchanged') &&
  plan.settings.every(({ status }) => status === 'kept' || status === 'unchanged');

async function planRelease(context: Context, wanted: WantedRef): Promise<Pick<Plan, 'live' | 'release'>> {
  try {
    const release = await deploy(context, { ref: wanted, dryRun: true, detach: false, stay: false, lockWait: 0 });
    return { release, live: isSame(release) && (await appStatus(context)).healthy };
  } catch (error) {
    if (isZebuError(error) && UNFINISHED.has(error.code)) return { release: undefined, live: false };
    throw error;
  }
}

async function makePlan(context: Context, ref: WantedRef | undefined): Promise<Plan> {
  const chosen = await chooseRef(new LocalGit(context.root, context.signal), ref);
  await checkCommit(context, chosen.wanted);
  await check(context);
  let plan: Plan | undefined;
  const see: Step = {
    title: 'See what there is to do',
    run: async (report) => {
      report.update('looking at the VM');
      const vm = await createVm(context, { dryRun: true });
      const planned = { chosen, vm, release: undefined, live: false };
      if (vm.steps.length > 0) return void (plan = planned);
      report.update('looking at the release in it');
      plan = { ...planned, ...(await planRelease(context, chosen.wanted)) };
    },
  };
  await runSteps(context.io, context.signal, [see]);
  if (plan === undefined) throw new Error('the step made no plan');
  return plan;
}

/** The plan for people. */
function upLines({ chosen, vm, release, live }: Plan, width: number): readonly string[] {
  const { ref, commit, subject } = chosen.target;
  const what = `${ref} (${commit.slice(0, 7)} ${subject})${chosen.why === '' ? '' : `, ${chosen.why}`}`;
  return [
    ...(vm.steps.length === 0
      ? [`VM ${vm.vmid} (${vm.name}) on ${vm.node}: is there and runs`]
      : [`VM ${vm.vmid} (${vm.name}) on ${vm.node}:`, ...vm.steps.map(({ title }) => `  ${title}`)]),
    `App: ${what}: ${live ? 'is live' : 'deploy'}`,
    ...(live || release?.plan == null
      ? []
      : planLines({ ...release, plan: release.plan }, width - 2).map((line) => (line === '' ? '' : `  ${line}`))),
  ];
}

/**
 * From whatever there is to an app that answers: the VM is made or finished, the release deployed, what is so already is
 * left alone. What was interrupted goes on when it is run again.
 */
export async function up(context: Context, { ref, dryRun, agree }: UpOptions): Promise<UpResult> {
  const plan = await makePlan(context, ref);
  const { chosen, vm, release, live } = plan;
  const { commit, ref: name } = chosen.target;
  for (const line of upLines(plan, dryRun || !context.io.live ? context.io.width : context.io.columns)) {
    if (dryRun) context.io.out(line);
    else context.io.note(line);
  }
  const facts = { vmid: vm.vmid, node: vm.node, name: vm.name };
  if (dryRun) {
    return {
      changed: false,
      dryRun,
      vm: { ...facts, ip: null, steps: vm.steps.map(({ title }) => title) },
      ref: name,
      commit,
      release: live ? (release?.previous ?? null) : null,
      deployed: false,
      url: null,
    };
  }
  if (live) {
    const { host, release: id, url } = await appStatus(context);
    return {
      changed: false,
      dryRun,
      vm: { ...facts, ip: host, steps: [] },
      ref: name,
      commit,
      release: id,
      deployed: false,
      url,
    };
  }
  await agree();
  const made = release === undefined ? await createVm(context, { dryRun: false }) : undefined;
  const done = await deploy(context, {
    ref: chosen.wanted,
    dryRun: false,
    detach: false,
    stay: false,
    lockWait: context.config.deploy.lock_wait,
  });
  return {
    changed: true,
    dryRun,
    vm: { ...facts, ip: made?.ip ?? done.host, steps: made?.steps.map(({ title }) => title) ?? [] },
    ref: name,
    commit,
    release: done.release,
    deployed: true,
    url: done.url,
  };
}
