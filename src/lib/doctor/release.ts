import { isZebuError, type ErrorCode } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { checkCommit, deploy } from '../deploy/deploy.js';
import { chooseRef, type Chosen } from '../repository/choose.js';
import { LocalGit } from '../repository/git.js';
import { ok, skip, warn, type Check, type Finding } from './check.js';

/** Compose in the VM reads a whole commit, and the network may be slow. */
const SECONDS = 90;

/** Nothing was committed, or not the Compose files; what to do is told by other checks. */
const NOTHING_YET: ReadonlySet<string> = new Set<ErrorCode>(['COMPOSE_INVALID', 'GIT_MISSING', 'REF_UNKNOWN']);

/** Rehearses what would be deployed: what Compose, secrets and the VM have against it is told as a deploy would. */
async function rehearse(context: Context): Promise<Finding> {
  let chosen: Chosen;
  try {
    chosen = await chooseRef(new LocalGit(context.root, context.signal), undefined);
    await checkCommit(context, chosen.wanted);
  } catch (error) {
    if (!isZebuError(error) || !NOTHING_YET.has(error.code)) throw error;
    return skip(`nothing to deploy yet: ${error.message}`);
  }
  const { wanted, target } = chosen;
  const warnings: string[] = [];
  const io = { ...context.io, note: () => {}, warn: (line: string) => void warnings.push(line) };
  const { plan } = await deploy(
    { ...context, io },
    { ref: wanted, dryRun: true, detach: false, stay: false, lockWait: 0 },
  );
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
