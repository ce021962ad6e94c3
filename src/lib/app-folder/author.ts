import { hostname, userInfo } from 'node:os';
import type { Context } from '../context/context.js';

export interface Author {
  readonly who: string;
  /** Host name, or the run of a CI. */
  readonly from: string;
}

/** Who deploys and from where: the CI run that says so, else git's user name and this machine. */
export function author(context: Context, gitName: string): Author {
  const run = context.env('GITHUB_RUN_ID');
  const repository = context.env('GITHUB_REPOSITORY');
  let login = '';
  try {
    login = userInfo().username;
  } catch {
    // A container may have no entry for its own user.
  }
  return {
    who: context.env('GITHUB_ACTOR') ?? (gitName || login || 'unknown'),
    from:
      run === undefined
        ? hostname()
        : `GitHub Actions run ${run}${repository === undefined ? '' : ` of ${repository}`}`,
  };
}

/** The note that a short operation leaves next to the lock while it holds it. @param ref what is done, such as `app:prune` */
export function shortNote(context: Context, ref: string): string {
  return JSON.stringify({ ...author(context, ''), since: context.clock.now().toISOString(), id: '', ref });
}
