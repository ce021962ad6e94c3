import type { GuestSpec } from '../guest/backend.js';
import type { LabNode } from './node.js';

/** Freezes a guest's file systems while they are copied, where its agent answers. */

const NOT_UP = 'skipping guest filesystem freeze - agent configured but not running?';

type Log = (line: string) => void;

async function isUp(node: LabNode, spec: GuestSpec): Promise<boolean> {
  return node.backend
    .agent(spec)
    .call('guest-ping', undefined, 3000)
    .then(
      () => true,
      () => false,
    );
}

/** @returns how to let them go again; undefined when nothing was frozen */
async function freeze(
  node: LabNode,
  spec: GuestSpec,
  log: Log,
  before: () => void,
): Promise<(() => Promise<void>) | undefined> {
  if (!spec.agent || (await node.backend.state(spec)) === 'stopped') return undefined;
  if (!(await isUp(node, spec))) {
    log(NOT_UP);
    return undefined;
  }
  before();
  const agent = node.backend.agent(spec);
  const frozen = await agent.call('guest-fsfreeze-freeze', undefined, 60_000).then(
    () => true,
    (error: Error) => {
      log(error.message);
      return false;
    },
  );
  return frozen
    ? async () =>
        void (await agent.call('guest-fsfreeze-thaw', undefined, 60_000).catch((error: Error) => log(error.message)))
    : undefined;
}

/** For a snapshot, which says nothing when it works. */
export const freezeForSnapshot = (
  node: LabNode,
  spec: GuestSpec,
  log: Log,
): Promise<(() => Promise<void>) | undefined> => freeze(node, spec, log, () => undefined);

/** For a backup. */
export async function freezeForBackup(
  node: LabNode,
  spec: GuestSpec,
  log: Log,
): Promise<(() => Promise<void>) | undefined> {
  const thaw = await freeze(node, spec, log, () => log("issuing guest-agent 'fs-freeze' command"));
  if (thaw === undefined) return undefined;
  return async () => {
    log("issuing guest-agent 'fs-thaw' command");
    await thaw();
  };
}

/**
 * For a clone of a running VM: with its file systems frozen where its agent answers, else halted. As BlockJob.pm does it, and says it.
 * @returns how to let it go again
 */
export async function holdForClone(node: LabNode, spec: GuestSpec, log: Log): Promise<() => Promise<void>> {
  const said = (line: string): void => {
    if (line !== NOT_UP) log(line);
  };
  const thaw = await freeze(node, spec, said, () => log('freeze filesystem'));
  if (thaw === undefined) log('suspend vm');
  // A node mirrors the disks while the guest runs, and holds it for the last of it; here they are copied while it holds still.
  await node.backend.suspend(spec);
  return async () => {
    await node.backend.resume(spec);
    log(thaw === undefined ? 'resume vm' : 'unfreeze filesystem');
    await thaw?.();
  };
}
