import * as z from 'zod';

const entry = z.object({
  digest: z.string(),
  /** ISO 8601: since when the value is what it is. */
  since: z.string(),
  /** The version that brought it. */
  version: z.number(),
  /** Digests of what a change made in the VM has replaced, newest last. A source that still has one of them is behind. */
  replaced: z.array(z.string()).optional(),
  /** It was rotated once: no release brings back a value from before. */
  rotated: z.boolean().optional(),
});

/** What is known of a version without its values. */
export const versionRecord = z.object({
  version: z.number(),
  at: z.string(),
  who: z.string(),
  from: z.string(),
  /** The command that made it: `deploy`, `sync`, `set`, `generate`, `rotate`, `rollback`, `remove`. */
  why: z.string(),
  entries: z.record(z.string(), entry),
});

export type SecretEntry = z.infer<typeof entry>;
export type SecretVersion = z.infer<typeof versionRecord>;
