import type { WantedRef } from './git.js';

/** What flags of a command ask for; one of them is given, or the working tree is meant. */
export function wantedRef(flags: {
  tag?: string | undefined;
  branch?: string | undefined;
  commit?: string | undefined;
}): WantedRef {
  if (flags.tag !== undefined) return { kind: 'tag', name: flags.tag };
  if (flags.branch !== undefined) return { kind: 'branch', name: flags.branch };
  if (flags.commit !== undefined) return { kind: 'commit', name: flags.commit };
  return { kind: 'dirty' };
}
