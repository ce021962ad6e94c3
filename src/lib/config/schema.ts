import type { TransportDeclaration } from '@zebu/kit';
import * as z from 'zod';
import { backupSection } from './backup-section.js';
import { checkBetweenSections } from './between-sections.js';
import { builtTransports } from './built-transports.js';
import { COPY_PREFIX } from './copy-name.js';
import { dataSection } from './data-section.js';
import { demand } from './demands.js';
import { registryDeclarations } from './registry-declaration.js';
import { receivers } from './notify-declaration.js';
import { proxmoxSection } from './proxmox-section.js';
import { pullSection } from './pull-section.js';
import { proxyDeclaration } from './proxy-declaration.js';
import { age, duration, port, seconds, serviceName } from './scalars.js';
import { secretDeclaration, secretName } from './secret-declaration.js';

// Compiling a validator pays off from the second value on, and a command reads one configuration.
z.config({ jitless: true });

/**
 * The configuration: every key of zebu.yml, with the sentence the reference prints for it. The same schema validates,
 * generates the JSON Schema for editors and the configuration reference. Keys are spelled as in the file everywhere,
 * so that an error, a variable (`vm.disk_gb` ↔ ZEBU_VM_DISK_GB) and the code name the same thing.
 */

const DNS_LABEL = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const dnsLabel = (what: string) =>
  z
    .string()
    .refine(demand('notOfACopy'), `${what}: what begins with ${COPY_PREFIX} is taken for a copy`)
    .regex(DNS_LABEL, `${what}: lower-case letters, digits and hyphens, starting with a letter`);

export const isAppName = (text: string): boolean => DNS_LABEL.test(text);

const relativePath = z
  .string()
  .min(1)
  .regex(/^[^\s'"\\]+$/, 'must be a path without blanks or quotes')
  .refine(demand('insideRepository'), 'must be a path inside the repository');

const app = z.strictObject({
  name: dnsLabel('app name').describe(
    'Name of the app: the Compose project, its folder in the VM and its tag in Proxmox.',
  ),
  compose: z
    .array(relativePath)
    .min(1)
    .default(['compose.yml'])
    .describe(
      'Compose files, base first, each later one overriding the ones before. The folder of the first one is the project directory: relative paths count from there, and `.env` is looked for there, as by `docker compose -f`.',
    ),
  profiles: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be a profile name'))
    .default([])
    .describe('Compose profiles to activate.'),
  proxy: proxyDeclaration.optional().describe('A front proxy (Caddy) that zebu adds as a service of the app.'),
  url: z.url().optional().describe('Where the app answers, for people and for probes from outside the VM.'),
});

const image = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Cloud image to download to the node; needs `checksum`.'),
    checksum: z
      .string()
      .regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, 'sha256:<64 hex digits> or sha512:<128 hex digits>')
      .optional()
      .describe('`sha256:…` or `sha512:…` of the image.'),
    volume: z
      .string()
      .optional()
      .describe('Image that is on the node already, such as `local:import/debian-13.qcow2`.'),
    storage: z
      .string()
      .optional()
      .describe('Storage with content type `import` for the download. Default: the first one.'),
  })
  .refine(demand('exactlyOne', 'url', 'volume'), 'give exactly one of `url` and `volume`')
  .refine(demand('needs', 'url', 'checksum'), '`url` needs a `checksum`');

const network = z
  .strictObject({
    address: z
      .union([z.literal('dhcp'), z.cidrv4('`dhcp`, or an address with prefix such as 192.0.2.10/24')])
      .default('dhcp')
      .describe('`dhcp`, or a static address with prefix.'),
    gateway: z.ipv4().optional().describe('Default route for a static address.'),
    nameservers: z.array(z.ipv4()).default([]).describe('DNS servers. Default: what the node uses.'),
    search: z.string().optional().describe('DNS search domain.'),
    bridge: z.string().optional().describe('Bridge on the node. Default: the only one there is.'),
    vlan: z.int().min(1).max(4094).optional().describe('VLAN tag.'),
    mtu: z.int().min(576).max(65520).optional().describe('MTU of the interface. Default: what Proxmox gives it.'),
    mac: z
      .string()
      .regex(/^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/)
      .optional()
      .describe('MAC address. Default: one that Proxmox makes up.'),
  })
  .refine(demand('gatewayOfStatic'), 'a gateway needs a static `address`');

const source = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'an address or a network such as 192.0.2.0/24');
const openPort = z
  .union([port, z.string()])
  .refine(demand('openPort'), 'a port such as 443, a range such as 8000-8010, or either with /udp behind it');

const firewall = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Let the Proxmox firewall filter the VM: what the keys below do not open is dropped.'),
  ssh_from: z.array(source).default([]).describe('Addresses and networks that may reach SSH. Default: all.'),
  publish: z
    .array(openPort)
    .optional()
    .describe(
      'Ports open to all, `443` or `53/udp`. Default: what the services of `app.compose` and `app.proxy` publish.',
    ),
  allow: z
    .array(
      z.strictObject({
        port: openPort.describe('`5432`, `8000-8010` or `53/udp`.'),
        from: z.array(source).min(1).describe('Addresses and networks it is open to.'),
      }),
    )
    .default([])
    .describe('Ports open to some only: `{port: 5432, from: [192.0.2.0/24]}`.'),
});

const script = z.strictObject({
  source: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where the community script comes from instead of upstream: a URL (`{ref}` becomes the commit) or a folder.',
    ),
  os: z
    .enum(['debian13', 'debian12', 'ubuntu2404', 'ubuntu2204'])
    .default('debian13')
    .describe('System that the community script installs.'),
  timeout: seconds.default(1800).describe('Seconds for the whole community script, image download included.'),
  allow_unverified_image: z
    .boolean()
    .default(false)
    .describe('Use the image of the community script although its publisher’s checksum cannot be had.'),
});

const vm = z.strictObject({
  name: dnsLabel('vm name').optional().describe('Name of the VM. Default: the app’s name.'),
  vmid: z.int().min(100).max(999_999_999).optional().describe('Id of the VM. Default: the next free one.'),
  provisioner: z
    .enum(['cloud-image', 'community-script'])
    .optional()
    .describe(
      'Where the VM comes from. Default: `cloud-image` where `vm.image` is given or the transport has no shell on the host, else `community-script`.',
    ),
  script: script.prefault({}).describe('The community script, for `provisioner: community-script`.'),
  docker: z
    .enum(['distribution', 'docker'])
    .default('distribution')
    .describe('Where Docker is installed from when the image has none: the distribution, or Docker’s own repository.'),
  image: image.optional().describe('What the disk starts from; a Debian or Ubuntu cloud image.'),
  template: z
    .boolean()
    .default(false)
    .describe(
      'Keep the image with Docker installed as a template on the node, and clone new VMs from it; needs `vm.image`.',
    ),
  cores: z.int().min(1).max(512).default(2).describe('CPU cores. Recommended minimum: 2.'),
  memory_mb: z.int().min(256).default(2048).describe('Memory in MiB. Recommended minimum: 2048.'),
  disk_gb: z.int().min(1).default(20).describe('Disk in GiB; grown, never shrunk. Recommended minimum: 10.'),
  cpu: z.string().min(1).default('host').describe('CPU type as Proxmox names it.'),
  storage: z.string().optional().describe('Storage for the disk. Default: the first one that takes images.'),
  onboot: z.boolean().default(true).describe('Start the VM with the node.'),
  ha: z
    .boolean()
    .optional()
    .describe(
      'Whether the VM is a resource of the cluster’s HA manager, which starts it on another node when its own fails. Default: left as it is.',
    ),
  backup: backupSection
    .optional()
    .describe('Backups of the whole VM that Proxmox makes by itself. Default: left as it is.'),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
    .default('deploy')
    .describe('Login made by cloud-init; keys only.'),
  ssh_keys: z
    .array(z.string().min(1))
    .default([])
    .describe('Public keys, as lines or files. Default: ~/.ssh/id_*.pub.'),
  identity_file: z.string().optional().describe('Private key for the VM. Default: the agent and ~/.ssh/id_*.'),
  ssh_port: port.default(22).describe('Port of sshd in the VM.'),
  via: z.enum(['direct', 'host']).default('direct').describe('`host`: reach the VM through the Proxmox host’s SSH.'),
  network: network.prefault({}).describe('Address, DNS, bridge.'),
  firewall: firewall.prefault({}).describe('Who may reach what in the VM.'),
  swap_mb: z
    .int()
    .min(0)
    .max(65_536)
    .default(1024)
    .describe('Swap in MiB, so that a build that peaks is slow, not killed; 0 for none.'),
  security_upgrades: z.boolean().default(true).describe('Let the guest install security upgrades by itself.'),
  container_log_mb: z
    .int()
    .min(3)
    .max(100_000)
    .default(30)
    .describe('MiB of output that Docker keeps of each container, in three files.'),
  boot_timeout: seconds.default(600).describe('Seconds from start until the guest agent answers.'),
  ready_timeout: seconds.default(600).describe('Seconds after that until SSH, cloud-init and Docker are ready.'),
  stop_timeout: seconds.default(120).describe('Seconds for a clean shutdown.'),
});

const attempt = {
  timeout: seconds.default(30).describe('Seconds within which the probe must succeed once.'),
  interval: seconds.default(1).describe('Seconds between attempts.'),
};
const from = z
  .enum(['vm', 'client'])
  .default('vm')
  .describe('`vm`: tried inside the VM. `client`: tried by the zebu that deploys, while it watches.');

const probe = z.union([
  z.strictObject({
    http: z.url({ protocol: /^https?$/ }).describe('URL to fetch; redirects are answers, not followed.'),
    status: z
      .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)])
      .optional()
      .describe('Status or statuses that are right. Default: any 2xx or 3xx.'),
    body: z
      .string()
      .min(1)
      .regex(/^[^\n]*$/, 'one line')
      .optional()
      .describe('Text the answer must contain.'),
    insecure: z.boolean().default(false).describe('Accept any certificate.'),
    from,
    ...attempt,
  }),
  z.strictObject({
    tcp: z
      .string()
      .regex(/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, '`host:port`')
      .describe('`host:port` that must accept a connection.'),
    from,
    ...attempt,
  }),
  z.strictObject({
    command: z.array(z.string()).min(1).describe('Program and arguments that must exit with 0.'),
    service: z.string().min(1).describe('Service in whose container it is run.'),
    ...attempt,
  }),
]);

const releaseCommand = z.strictObject({
  service: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a service name')
    .describe('Service whose new image it runs in.'),
  command: z.array(z.string()).min(1).describe('Program and arguments.'),
});

const deploy = z.strictObject({
  timeout: seconds.default(600).describe('Seconds from start until every service is healthy.'),
  build_timeout: seconds.default(3600).describe('Seconds for building images.'),
  stability: z.number().min(0).max(3600).default(10).describe('Seconds a service without health check must stay up.'),
  probation: duration
    .default('0')
    .describe(
      'How long after going live a release that fails is still gone back from, as seconds or 90s, 10m, 2h; looked at in the VM. 0: not at all.',
    ),
  probes: z
    .array(probe)
    .max(50)
    .default([])
    .describe('What else must answer before a release is live: `http`, `tcp` or `command`, from the VM or the client.'),
  release_command: releaseCommand
    .optional()
    .describe('One-off in the new image before anything else of the release is started, such as a migration.'),
  snapshot: z
    .enum(['never', 'migrations', 'always'])
    .default('never')
    .describe(
      'Snapshot of the VM before the switch: `migrations` where there is a `release_command`, or a service that others wait for to complete. Never rolled back to by itself.',
    ),
  dump: z
    .enum(['never', 'migrations', 'always'])
    .default('never')
    .describe(
      'Dump of the data (`data`) before the switch: `migrations` where there is a `release_command`, or a service that others wait for to complete. Without it nothing is switched.',
    ),
  snapshot_freeze: z
    .boolean()
    .default(false)
    .describe('Take it although the storage lets the VM stand still meanwhile, as qcow2 on a directory does.'),
  lock_wait: z
    .number()
    .min(0)
    .max(86_400)
    .default(0)
    .describe('Seconds to wait for another deploy to end before being refused.'),
  strategy: z
    .enum(['recreate', 'rolling'])
    .default('recreate')
    .describe(
      'How a changed service is replaced: `rolling` starts the new container beside the old one where that is possible.',
    ),
  drain: z
    .number()
    .min(0)
    .max(3600)
    .default(5)
    .describe('Rolling: seconds the old container has to finish requests before it is told to stop.'),
  build: z
    .strictObject({
      parallel: z.int().min(1).max(64).optional().describe('Services built at once. Default: all.'),
      app_weight: z
        .union([z.literal(0), z.int().min(2).max(262_144)])
        .default(8192)
        .describe(
          'CPU shares of the running containers while images are built; Docker’s default is 1024. 0: unchanged.',
        ),
    })
    .prefault({})
    .describe('How images are built in the VM.'),
  services: z
    .record(
      serviceName,
      z.strictObject({
        strategy: z.enum(['recreate', 'rolling']).optional().describe('Instead of `deploy.strategy`.'),
      }),
    )
    .default({})
    .describe('Settings of single services, by name: `{web: {strategy: rolling}}`.'),
  keep: z.int().min(2).max(1000).default(5).describe('Verified releases kept in the VM, with their images.'),
  build_cache_gb: z
    .number()
    .min(0)
    .max(10_000)
    .default(10)
    .describe('GB of build cache kept; what was not used for longest goes first, at most once a day.'),
  min_free_mb: z
    .int()
    .min(0)
    .default(500)
    .describe('MiB that must be free on the disk of the VM before a release is built.'),
  min_memory_mb: z
    .int()
    .min(0)
    .default(64)
    .describe('MiB of memory and swap that must be available before a release is built.'),
});

const watch = z.strictObject({
  every: z.int().min(10).max(3600).default(60).describe('Seconds between two looks.'),
  disk: z.int().min(1).max(100).default(90).describe('Percent of the disk of the VM from which on it is told.'),
  heal: z
    .enum(['never', 'restart'])
    .default('never')
    .describe(
      '`restart`: restart a service that is unhealthy or has ended although it is meant to stay, at most three times an hour.',
    ),
});

const prove = z.strictObject({
  max_age: age
    .optional()
    .describe(
      'How long ago the last backup may have been proven, as 30d or 48h, and with `data.schedule` or `data.offsite` the last dump: `doctor` and `watch` warn past it. Default: not at all.',
    ),
});

const secretSource = z
  .looseObject({ use: z.string().min(1).describe('`dotenv`, `github`, `env`, or the id of an installed plugin.') })
  .describe('A place values come from; further keys belong to the source.');

/**
 * The schema where these transports are installed.
 * @param chosen the one that is used, where that is known
 */
export function schemaFor(transports: readonly TransportDeclaration[], chosen?: string) {
  return z
    .strictObject({
      app,
      proxmox: proxmoxSection(transports, chosen).prefault({}).describe('How the Proxmox host is reached.'),
      vm: vm.prefault({}).describe('The virtual machine.'),
      deploy: deploy.prefault({}).describe('How a release goes live.'),
      secrets: z
        .record(secretName, secretDeclaration)
        .default({})
        .describe('Secrets the app needs, by name; values come from `secret_sources`, never from this file.'),
      settings: z
        .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'a name of letters, digits and underscores'))
        .default([])
        .describe('Names in `.env` that are plain settings, although they look like secrets: `[KEYCLOAK_CLIENT_KEY]`.'),
      secret_sources: z
        .array(secretSource)
        .default([{ use: 'env' }, { use: 'dotenv' }])
        .describe('Where values come from, first match wins.'),
      pull: pullSection
        .optional()
        .describe(
          'How the VM deploys by itself what is released in git, once `pull:enable` was run. Default: it does not.',
        ),
      registries: registryDeclarations
        .default([])
        .describe(
          'Registries that want a login before images are pulled and built: `{host: ghcr.io, user: bot, secret: GHCR_TOKEN}`, with `command` in place of `secret` for tokens that expire, and `ca_file` for a private authority.',
        ),
      data: dataSection
        .optional()
        .describe('What of the data is dumped, when, what is kept, and copies off the VM: `{schedule: "02:30"}`.'),
      watch: watch
        .optional()
        .describe(
          'Look at the live release from inside the VM, also while nobody deploys: `{every: 60}`. Default: not.',
        ),
      prove: prove
        .prefault({})
        .describe(
          'Backups and dumps that are restored to see whether they come back: `vm:backup:prove`, `data:prove`.',
        ),
      notify: receivers
        .default([])
        .describe(
          'Who is told what happens, from inside the VM: `{name: phone, apprise: NTFY_URL}`, `{name: desk, webhook: https://hooks.example.org/zebu, key: HOOK_KEY}`.',
        ),
    })
    .superRefine((config, context) =>
      checkBetweenSections(config, (path, message) => context.addIssue({ code: 'custom', path, message })),
    );
}

/** With the transports that come with zebu, and no other. */
export const configSchema = schemaFor(builtTransports);

export type Config = z.infer<typeof configSchema>;
