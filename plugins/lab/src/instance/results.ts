/** Published shapes of what the lab's commands return. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

export const labReport = z.object({
  name: z.string(),
  up: z.boolean(),
  node: z.string(),
  nodes: z.array(z.string()),
  pve: z.enum(['8', '9']),
  version: z.string().describe('The release of Proxmox VE it answers as.'),
  guests: z.enum(['namespace', 'qemu']),
  accel: z.enum(['kvm', 'tcg']).nullable(),
  pid: z.number().nullable().describe('Of the daemon that is the node.'),
  stateDir: z.string(),
  api: z.object({
    url: z.string(),
    host: z.string(),
    port: z.number(),
    fingerprint: z.string().describe('SHA-256 of the certificate.'),
    tokenId: z.string(),
    tokenFile: z.string(),
  }),
  ssh: z.object({
    host: z.string(),
    port: z.number(),
    user: z.string(),
    identityFile: z.string(),
    knownHostsFile: z.string(),
  }),
  image: z.object({ url: z.string(), sha256: z.string().nullable() }),
  network: z.object({ bridge: z.string(), device: z.string(), subnet: z.string(), gateway: z.string() }),
  envFile: z.string(),
  vms: z.array(z.object({ vmid: z.number(), name: z.string(), status: z.string() })),
});
export type LabReport = ResultOf<typeof labReport>;

export const downReport = z.object({
  name: z.string(),
  existed: z.boolean().describe('False when there was no such lab.'),
  imagesRemoved: z.boolean(),
});
export type DownReport = ResultOf<typeof downReport>;
