/** Runs the life of a VM in each way that a node has, and cleans up whatever happens. */
import { existsSync, readFileSync } from 'node:fs';
import { lifeOf } from './life.js';
import { Node } from './node.js';
import { makeProject, type Combination } from './project.js';
import { takeStep, type Taken } from './take-step.js';
import type { Target } from './target.js';

export interface AcceptanceOptions {
  readonly target: Target;
  /** Folder of the built zebu. */
  readonly root: string;
  /** Only these, as `ssh:cloud-image`; left out: all there are. */
  readonly only?: readonly string[] | undefined;
  /** Although the node looks busy. */
  readonly anyway: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly begun: Date;
  readonly seconds: number;
  readonly version: string;
  readonly title: string;
  readonly lives: readonly { readonly name: string; readonly steps: readonly Taken[]; readonly conversation: string }[];
  /** What was left on the node at the end, and was removed. */
  readonly removed: readonly string[];
  /** What could not be removed, in words. */
  readonly left: string | undefined;
}

export class Refused extends Error {}

export const nameOf = ({ transport, provisioner }: Combination): string => `${transport}:${provisioner}`;

/** Every way that the target has, each with an id of its own. */
export function combinations({ proxmox, image, vmids }: Target): readonly Combination[] {
  const all = [
    ...(proxmox.ssh === undefined ? [] : [{ transport: 'ssh', provisioner: 'community-script' } as const]),
    ...(proxmox.ssh === undefined || image === undefined
      ? []
      : [{ transport: 'ssh', provisioner: 'cloud-image' } as const]),
    ...(proxmox.api === undefined || image === undefined
      ? []
      : [{ transport: 'api', provisioner: 'cloud-image' } as const]),
  ];
  return all.map((each, i) => ({ ...each, vmid: vmids.from + i }));
}

/** @throws Refused when the node should not be used for this now */
export async function acceptance(options: AcceptanceOptions): Promise<Outcome> {
  const { target, only, anyway, signal, say } = options;
  const chosen = combinations(target).filter((each) => only === undefined || only.includes(nameOf(each)));
  if (chosen.length === 0)
    throw new Refused(`there is nothing to run${only === undefined ? '' : ` for ${only.join(', ')}`}`);
  // Cleaning up goes on after Ctrl-C.
  const node = await Node.reach(target, new AbortController().signal);
  const begun = new Date();
  const lives: Outcome['lives'][number][] = [];
  let removed: readonly string[] = [];
  let left: string | undefined;
  try {
    const version = await node.version();
    say(`${target.title}, ${version}`);
    const taken = await node.taken();
    if (taken !== undefined)
      throw new Refused(`VM ${taken} is in the range ${target.vmids.from}-${target.vmids.to}, and not ours`);
    const busy = await node.busy();
    if (busy !== undefined && !anyway) throw new Refused(`the node looks busy: ${busy}; --yes runs it all the same`);
    for (const what of await node.clean()) say(`left by an earlier run, removed: ${what}`);
    const backups = await node.takesBackups();
    try {
      for (const combination of chosen) {
        if (signal.aborted) break;
        say(`== ${nameOf(combination)}`);
        lives.push({ name: nameOf(combination), ...(await live(options, combination, backups)) });
      }
    } finally {
      try {
        removed = await node.clean();
      } catch (error) {
        left = (error as Error).message;
      }
    }
    const seconds = (Date.now() - begun.getTime()) / 1000;
    return { begun, seconds, version, title: target.title, lives, removed, left };
  } finally {
    await node.close();
  }
}

async function live(
  { target, root, signal, say }: AcceptanceOptions,
  combination: Combination,
  backups: boolean,
): Promise<{ steps: readonly Taken[]; conversation: string }> {
  const project = makeProject(target, combination);
  const steps: Taken[] = [];
  try {
    for (const step of lifeOf(project, backups)) {
      if (signal.aborted) break;
      if (step.needs !== undefined && !steps.some((taken) => taken.ok && taken.step.name === step.needs)) {
        say(`skip            ${step.name}: needs ${step.needs}`);
        continue;
      }
      const taken = await takeStep(root, project, step, signal);
      steps.push(taken);
      const mark = taken.ok ? 'ok  ' : step.optional === true ? 'warn' : 'FAIL';
      say(
        `${mark}  ${taken.seconds.toFixed(1).padStart(6)} s  ${step.name}${taken.why === undefined ? '' : `: ${taken.why}`}`,
      );
      // What comes after builds on it.
      if (!taken.ok && step.optional !== true) break;
    }
    return { steps, conversation: existsSync(project.recording) ? readFileSync(project.recording, 'utf8') : '' };
  } finally {
    project.remove();
  }
}

export const failures = ({ lives, left }: Outcome): number =>
  lives.flatMap(({ steps }) => steps).filter(({ ok, step }) => !ok && step.optional !== true).length +
  (left === undefined ? 0 : 1);
