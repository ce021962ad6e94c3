import * as z from 'zod';

/** Lines of a journal as the runner writes them. */
export const stepLine = z.object({
  t: z.number(),
  step: z.string(),
  state: z.enum(['begin', 'wait', 'output', 'failed', 'done']),
  detail: z.string(),
});
export const outputLine = z.object({ step: z.string(), line: z.string() });
export const endLine = z.object({
  end: z.enum(['live', 'restored', 'unhealthy', 'refused']),
  /** A code of CAUSES; empty for nothing, missing in the journals of older runners. */
  cause: z.string().optional(),
  reason: z.string(),
  /** The step that decided. */
  step: z.string().default(''),
  seconds: z.number().optional(),
  gaps: z.record(z.string(), z.number()).default({}),
  /** What the containers publish, as Docker writes it; empty in the journals of older runners. */
  ports: z.string().default(''),
  /** `1` where the release changed data before it failed; that is not undone. */
  migrated: z.string().default(''),
  /** Of the dump that was made just before; empty for none. */
  dump: z.string().default(''),
});
