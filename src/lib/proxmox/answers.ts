import * as z from 'zod';

/**
 * The answers zebu relies on, and no more of them than it uses. `pvesh` and different versions give some numbers as
 * strings and some booleans as 0/1, so both wires are brought to the same types here.
 */

const number = z.coerce.number();
const flag = z.union([z.boolean(), number.transform((value) => value !== 0)]);

export const versionAnswer = z.object({ version: z.string(), release: z.string() });

export const nodesAnswer = z.array(
  z.object({
    node: z.string(),
    status: z.string().default('unknown'),
    maxmem: number.optional(),
    mem: number.optional(),
    maxcpu: number.optional(),
  }),
);

export const nodeStatusAnswer = z.object({
  memory: z.object({ total: number, used: number, free: number, available: number.optional() }),
  cpuinfo: z.object({ cpus: number }).optional(),
});

/** cluster/resources: nodes, guests, storages and more, told apart by their type. */
export const resourcesAnswer = z.array(z.looseObject({ type: z.string() }));

/** Of these, the guests. */
export const vmResourcesAnswer = z.array(
  z.object({
    vmid: number,
    node: z.string(),
    type: z.string(),
    name: z.string().optional(),
    status: z.string().optional(),
    tags: z.string().optional(),
    template: flag.optional(),
    /** The resource pool it belongs to. */
    pool: z.string().optional(),
    /** Such as `clone`, while it is one that is being made. */
    lock: z.string().optional(),
    /** Of all its cores, 0 to 1. */
    cpu: number.optional(),
    /** Seconds; of a VM that was just started none yet. */
    uptime: number.default(0),
  }),
);

export const storagesAnswer = z.array(
  z.object({
    storage: z.string(),
    type: z.string(),
    content: z.string(),
    active: flag.optional(),
    enabled: flag.optional(),
    avail: number.optional(),
    total: number.optional(),
    shared: flag.optional(),
  }),
);

/** Jobs that back guests up by schedule. Proxmox writes lists as text and retention as an object, older ones that as text, too. */
export const backupJobsAnswer = z.array(
  z.object({
    id: z.string(),
    type: z.string().default('vzdump'),
    enabled: flag.default(true),
    schedule: z.string().default(''),
    storage: z.string().optional(),
    mode: z.string().default('snapshot'),
    vmid: z.coerce.string().optional(),
    all: flag.default(false),
    exclude: z.coerce.string().optional(),
    pool: z.string().optional(),
    node: z.string().optional(),
    comment: z.string().default(''),
    mailto: z.string().default(''),
    'prune-backups': z.union([z.string(), z.record(z.string(), z.coerce.string())]).default(''),
    'next-run': number.optional(),
  }),
);
export type BackupJob = z.infer<typeof backupJobsAnswer>[number];

/** When a schedule is due, in Unix time. */
export const scheduleAnswer = z.array(z.object({ timestamp: number }));

/** Resources of the HA manager; `state` is what is wanted of them, `started` where it is not said. */
export const haResourcesAnswer = z.array(z.object({ sid: z.string(), state: z.string().default('started') }));
export type HaResource = z.infer<typeof haResourcesAnswer>[number];

export const storageContentAnswer = z.array(
  z.object({
    volid: z.string(),
    content: z.string().optional(),
    format: z.string().optional(),
    size: number.optional(),
  }),
);

export const networksAnswer = z.array(
  z.object({
    iface: z.string(),
    type: z.string(),
    active: flag.optional(),
    /** Separated by blanks; empty for a bridge without any. */
    bridge_ports: z.string().optional(),
    bridge_vlan_aware: flag.optional(),
  }),
);

/** A VM's configuration: `netN`, `scsiN` and the like stay the strings PVE keeps them as. */
export const qemuConfigAnswer = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));
export type QemuConfig = z.infer<typeof qemuConfigAnswer>;

export const qemuStatusAnswer = z.object({
  status: z.enum(['running', 'stopped']),
  qmpstatus: z.string().optional(),
  name: z.string().optional(),
  vmid: number.optional(),
  uptime: number.default(0),
  cpu: number.optional(),
  cpus: number.optional(),
  mem: number.optional(),
  maxmem: number.optional(),
  maxdisk: number.optional(),
  lock: z.string().optional(),
  agent: flag.optional(),
  tags: z.string().optional(),
  /** `state` is what the HA manager is at, such as `started` or `error`. */
  ha: z.object({ managed: flag.default(false), state: z.string().nullish() }).optional(),
});
export type QemuStatus = z.infer<typeof qemuStatusAnswer>;

/** A value of the statistics; a row of a time that was not measured has none, `pvesh` may say null or text. */
const measured = z
  .unknown()
  .transform((value) => (typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN))
  .transform((value) => (Number.isFinite(value) ? value : null))
  .default(null);

/** `rrddata`: CPU as a share of all cores, memory in bytes, the others in bytes a second. */
export const rrdAnswer = z
  .array(
    z.object({
      time: number,
      cpu: measured,
      mem: measured,
      maxmem: measured,
      netin: measured,
      netout: measured,
      diskread: measured,
      diskwrite: measured,
    }),
  )
  .nullish()
  .transform((rows) => rows ?? []);
export type RrdRow = z.infer<typeof rrdAnswer>[number];

export const agentInterfacesAnswer = z.object({
  result: z.array(
    z.object({
      name: z.string(),
      'hardware-address': z.string().optional(),
      'ip-addresses': z
        .array(
          z.object({
            'ip-address': z.string(),
            'ip-address-type': z.enum(['ipv4', 'ipv6']),
            prefix: number.optional(),
          }),
        )
        .default([]),
    }),
  ),
});

export const agentFileAnswer = z.object({ content: z.string(), truncated: flag.optional() });

export const agentExecAnswer = z.object({ pid: number });

export const taskStatusAnswer = z.object({
  status: z.enum(['running', 'stopped']),
  exitstatus: z.string().optional(),
  upid: z.string(),
  type: z.string(),
  id: z.string().optional(),
});

export const taskLogAnswer = z.array(z.object({ n: number, t: z.string() }));

export const taskListAnswer = z.array(
  z.object({
    upid: z.string(),
    type: z.string(),
    id: z.string().optional(),
    starttime: number,
    status: z.string().optional(),
  }),
);

/** `GET …/pending`: the configuration with what waits for the next start. */
export const pendingAnswer = z.array(
  z.object({
    key: z.string(),
    value: z.union([z.string(), z.number()]).transform(String).optional(),
    pending: z.union([z.string(), z.number()]).transform(String).optional(),
    delete: number.optional(),
  }),
);
export type Pending = z.infer<typeof pendingAnswer>[number];

/** Options of a firewall; those that are not set are not there. */
export const firewallOptionsAnswer = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));

export const firewallRulesAnswer = z.array(
  z.object({
    pos: number,
    type: z.string(),
    action: z.string(),
    enable: number.optional(),
    comment: z.string().optional(),
    macro: z.string().optional(),
    proto: z.string().optional(),
    dport: z.string().optional(),
    sport: z.string().optional(),
    source: z.string().optional(),
    dest: z.string().optional(),
    iface: z.string().optional(),
    'icmp-type': z.string().optional(),
    digest: z.string().optional(),
  }),
);
export type FirewallRule = z.infer<typeof firewallRulesAnswer>[number];
