/** Published shape of what `init` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const services = z.array(
  z.object({
    name: z.string(),
    ports: z.array(z.string()),
    healthcheck: z.boolean(),
    oneShot: z.boolean().describe('It is meant to end: another service waits for it, or it is not started again.'),
  }),
);

const detected = z.object({
  app: z.string().nullable().describe('From the name of the folder.'),
  composeFiles: z.array(z.string()),
  services,
  envExample: z.string().nullable(),
  secrets: z.array(z.string()).describe('Names in Compose files, .env and its example that look like secrets.'),
  unmasked: z.array(z.string()).describe('What to know of values in .env that cannot be hidden everywhere.'),
  hosts: z.array(z.string()).describe('Hosts that look like Proxmox.'),
  hasToken: z.boolean().describe('The environment holds what a transport logs in with, such as a token.'),
  hasTaskfile: z.boolean(),
});
export type Detected = ResultOf<typeof detected>;

/** A Compose stack as it runs in a VM; paths are the VM's. */
const runningStack = z.object({
  project: z.string().describe('Name of the Compose project.'),
  running: z.boolean(),
  folder: z.string().nullable().describe('In the VM.'),
  files: z.array(z.string()).describe('Its Compose files in the VM, base first.'),
  services,
});
export type RunningStack = ResultOf<typeof runningStack>;

export const initialized = z.object({
  files: z.array(z.object({ path: z.string(), existed: z.boolean().describe('It was there before.') })),
  detected,
  imported: runningStack.nullable().describe('The stack of --from-host.'),
  next: z.array(z.string()).describe('What to do next, in order.'),
});
export type Initialized = ResultOf<typeof initialized>;
