import type { Context } from '../context/context.js';
import { deploy } from '../deploy/deploy.js';
import { chooseRef } from '../repository/choose.js';
import { LocalGit } from '../repository/git.js';
import { ok, warn, type Check, type Finding } from './check.js';

/** Compose in the VM reads a whole commit, and the network may be slow. */
const SECONDS = 90;

/** Rehearses what would be deployed: what Compose, secrets and the VM have against it is told as a deploy would. */
async function rehearse(context: Context): Promise<Finding> {
  const { wanted, target } = await chooseRef(new LocalGit(context.root, context.signal), undefined);
  const warnings: string[] = [];
  const io = { ...context.io, note: () => {}, warn: (line: string) => void warnings.push(line) };
  const { plan } = await deploy({ ...context, io }, { ref: wanted, dryRun: true, detach: false, lockWait: 0 });
  const what = `${target.ref} (${target.commit.slice(0, 7)})`;
  if (warnings.length > 0) return warn(`${what}: ${warnings.join('; ')}`, 'All of it: zebu app:deploy --dry-run.');
  return ok(`${what} can be deployed: ${plan?.services.length ?? 0} services`);
}

export const releaseCheck = (context: Context): Check => ({
  id: 'release',
  needs: ['docker', 'repository', 'compose'],
  seconds: SECONDS,
  run: (signal) => rehearse({ ...context, signal }),
});
