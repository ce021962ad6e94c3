import { ZebuError } from '@zebu/kit';
import type { LocalGit, Target, WantedRef } from './git.js';

/** What is deployed where nobody said what: as a person would who has just cloned the repository. */
export interface Chosen {
  readonly wanted: WantedRef;
  readonly target: Target;
  /** Why this one, for people; empty for one that was asked for. */
  readonly why: string;
}

/** @throws REF_UNKNOWN for one that is not there, and in a repository without a commit; GIT_MISSING */
export async function chooseRef(git: LocalGit, asked: WantedRef | undefined): Promise<Chosen> {
  if (asked !== undefined) return { wanted: asked, target: (await git.resolve(asked)).target, why: '' };
  const tag = await git.newestTag();
  const wanted: WantedRef = tag === undefined ? { kind: 'commit', name: await head(git) } : { kind: 'tag', name: tag };
  const { target } = await git.resolve(wanted);
  return { wanted, target, why: tag === undefined ? 'there is no tag: what is checked out' : 'the newest tag' };
}

async function head(git: LocalGit): Promise<string> {
  const commit = await git.head();
  if (commit !== undefined) return commit;
  throw new ZebuError('REF_UNKNOWN', 'There is no commit in this repository yet', {
    hint: 'zebu deploys commits: git add --all && git commit.',
  });
}
