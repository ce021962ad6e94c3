import { asCompose, newer, tested, type Row } from './row.js';

const IN_FORCE = 'integration/app/in-force.test.ts';
const PATHS = 'integration/app/paths.test.ts';

const NOT_ALL = 'an older Compose refuses it by name, or does nothing with it: as without zebu';

/** What is only handed on to Docker. */
const PLAIN = [
  ...['annotations', 'attach', 'cap_add', 'cap_drop', 'cgroup', 'cgroup_parent', 'command', 'cpu_count', 'cpu_percent'],
  ...['cpu_period', 'cpu_quota', 'cpu_rt_period', 'cpu_rt_runtime', 'cpus', 'cpuset', 'device_cgroup_rules', 'devices'],
  ...[
    'dns',
    'dns_opt',
    'dns_search',
    'domainname',
    'entrypoint',
    'environment',
    'expose',
    'external_links',
    'extra_hosts',
  ],
  ...['group_add', 'hostname', 'init', 'ipc', 'isolation', 'labels', 'links', 'logging', 'mac_address', 'mem_limit'],
  ...['mem_reservation', 'mem_swappiness', 'memswap_limit', 'oom_kill_disable', 'oom_score_adj', 'pid', 'pids_limit'],
  ...['platform', 'privileged', 'read_only', 'runtime', 'security_opt', 'shm_size', 'stdin_open', 'stop_grace_period'],
  ...['stop_signal', 'storage_opt', 'sysctls', 'tmpfs', 'tty', 'ulimits', 'user', 'userns_mode', 'uts', 'volumes_from'],
  ...['working_dir', 'blkio_config'],
].map((name) => asCompose(`services.${name}`));

export const SERVICE_ROWS: readonly Row[] = [
  ...PLAIN,
  asCompose('services.container_name', 'a service that has one is recreated, never rolled'),
  asCompose(
    'services.cpu_shares',
    'while a release is built, running containers that say nothing of it have more (`deploy.build.app_weight`)',
  ),
  asCompose('services.credential_spec', 'for Windows; Docker on Linux refuses to start it, as it does without zebu'),
  asCompose(
    'services.depends_on',
    '`condition`, `required`; a dependency that is rolled waits for its conditions, too',
  ),
  tested(
    'as Compose',
    'services.depends_on.restart',
    'also where the dependency was rolled',
    'unit/runner/strategy.test.ts',
    'restarts what asked for it, when what it depends on was rolled',
  ),
  asCompose('services.develop', 'for `docker compose watch`; a deploy leaves it out'),
  asCompose('services.env_file', 'files of the commit, and `.env` with settings and secrets'),
  newer('services.env_file.format', { env_file: [{ path: 'app.env', format: 'raw' }] }),
  asCompose('services.extends'),
  asCompose('services.gpus', `a matter of Docker and the VM; ${NOT_ALL}`),
  asCompose('services.healthcheck'),
  tested(
    'better',
    'services.image',
    'pinned to the digest, or to the content when it was built: a rollback brings back what ran, though the tag has moved',
    'integration/app/verdict.test.ts',
    'brings back the pulled image that was there, and refuses one that cannot be pulled',
  ),
  asCompose('services.label_file', NOT_ALL),
  newer('services.models', { models: ['llm'] }, '', { models: { llm: { model: 'ai/smollm2' } } }),
  asCompose(
    'services.network_mode',
    'a service that shares a network or has that of the VM is recreated, never rolled',
  ),
  asCompose('services.networks', 'a fixed address: recreated, never rolled'),
  asCompose('services.networks.gw_priority', NOT_ALL),
  newer('services.networks.interface_name', { networks: { default: { interface_name: 'eth7' } } }),
  asCompose('services.networks.driver_opts', NOT_ALL),
  asCompose('services.ports', 'one that is published as a fixed port: recreated, never rolled'),
  asCompose('services.post_start', NOT_ALL),
  asCompose('services.pre_stop', `such a service is recreated, never rolled: only Compose runs the hook; ${NOT_ALL}`),
  asCompose('services.profiles', 'those of `app.profiles`, and of `COMPOSE_PROFILES` in `.env`'),
  newer('services.provider', { image: undefined, provider: { type: 'model', options: { model: 'x' } } }),
  tested(
    'better',
    'services.pull_policy',
    'pulled before anything that runs is touched; `always`, `daily` and the like at each deploy, `never` not at all',
    'unit/runner/images.test.ts',
    'pulls what is missing, and what is to be new each time, and nothing else',
  ),
  newer('services.pull_refresh_after', { pull_refresh_after: '12h' }),
  tested(
    'better',
    'services.restart',
    'decides what a service is meant for: `no` may end well, what loops fails the deploy',
    'unit/runner/verdict.test.ts',
    'is told by %s',
  ),
  asCompose('services.scale'),
  tested(
    'better',
    'services.configs',
    'another content, inline, of a file or of a variable, replaces the container',
    IN_FORCE,
    'replaces what is given a config that changed, by content and by file, and what mounts the file',
  ),
  tested(
    'better',
    'services.secrets',
    'the same for secrets',
    IN_FORCE,
    'replaces what is given another value of the environment, as a file or inside one',
  ),
  newer('services.use_api_socket', { use_api_socket: true }),
  tested(
    'better',
    'services.volumes',
    'paths of the commit follow its content, others are data that outlives releases: see [above](#compose-files-as-they-are)',
    PATHS,
    'hold what was written after more deploys than are kept, and start again',
  ),
  asCompose('services.volumes.image', NOT_ALL),
];
