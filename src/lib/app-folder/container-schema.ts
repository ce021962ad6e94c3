import * as z from 'zod';

/** A container as status.sh prints it, see FORMAT of services.ts. */
export const containerLine = z.object({
  service: z.string(),
  oneoff: z.string().optional(),
  name: z.string(),
  state: z.string(),
  health: z.string().nullable(),
  exit: z.number(),
  oom: z.boolean(),
  restarts: z.number(),
  started: z.string(),
  image: z.string(),
  imageId: z.string(),
  hash: z.string().default(''),
  check: z.boolean(),
  policy: z.string(),
  ports: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable()).nullable(),
  bindings: z.record(z.string(), z.unknown()).nullable(),
});

export type Container = z.infer<typeof containerLine>;
