import { execFileSync } from 'node:child_process';
import type { Shell } from './guest-shell.js';

/** A value of JSON whose shape is somebody else's. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Members = Readonly<Record<string, Json>>;

const members = (value: Json | undefined): Members =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Members) : {};

const word = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** What Docker or Compose makes up anew for each container, or what names a folder that differs. */
const OWN_OF_A_CONTAINER = new Set([
  'Id',
  'Created',
  'State',
  // Of a health check that runs at this moment.
  'ExecIDs',
  'ResolvConfPath',
  'HostnamePath',
  'HostsPath',
  'LogPath',
  'GraphDriver',
  'RestartCount',
  'ProcessLabel',
  'MountLabel',
]);
const OWN_OF_AN_ENDPOINT = new Set([
  'NetworkID',
  'EndpointID',
  'Gateway',
  'IPAddress',
  'IPPrefixLen',
  'IPv6Gateway',
  'GlobalIPv6Address',
  'GlobalIPv6PrefixLen',
  'DNSNames',
  'MacAddress',
]);
/** A hash says the same as the settings do, which are compared. */
const OWN_LABEL =
  /^(?:com\.docker\.compose\.(?:config-hash|project\.(?:config_files|working_dir|environment_file)|image|replace|oneoff|version)|dev\.zebu\.contents)$/;

const without = (value: Json | undefined, drop: ReadonlySet<string>): Members =>
  Object.fromEntries(Object.entries(members(value)).filter(([key]) => !drop.has(key)));

/** A path of the project: where the file lies differs, that there is one does not. */
const PROJECT_PATH =
  /(?:\/opt\/zebu\/[a-z0-9-]+\/(?:shared\/(?:files|mounts|secrets|repository)|releases\/[^/]+\/tree|current\/tree)|\/srv\/plain)(?:\/[^:"]*)?/g;
const placed = (text: string): string => text.replaceAll(PROJECT_PATH, '<project>');
const deepPlaced = (value: Json | undefined): Json => JSON.parse(placed(JSON.stringify(value ?? null))) as Json;

const sorted = (list: Json): Json =>
  Array.isArray(list) ? list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : list;

/** A container as `docker inspect` prints it, without what is another one each time. */
function sameContainer(inspected: Json, networkNames: ReadonlyMap<string, string>): Members {
  const kept = without(inspected, OWN_OF_A_CONTAINER);
  const config = members(kept['Config']);
  const labels = Object.fromEntries(
    Object.entries(members(config['Labels']))
      .filter(([name]) => !OWN_LABEL.test(name))
      // The id of the container whose network it has.
      // In no order.
      .map(([name, text]) => [
        name,
        name === 'com.docker.compose.depends_on' ? word(text).split(',').toSorted().join(',') : placed(word(text)),
      ]),
  );
  const id = word(members(inspected)['Id']);
  const host = members(kept['HostConfig']);
  const mounts = (kept['Mounts'] as readonly Members[] | undefined) ?? [];
  const networks = members(members(kept['NetworkSettings'])['Networks']);
  const shared = (mode: Json | undefined): Json =>
    typeof mode === 'string' ? mode.replace(/^container:.*/, 'container:<other>') : (mode ?? null);
  return {
    ...kept,
    NetworkSettings: Object.fromEntries(
      Object.entries(networks).map(([name, endpoint]) => {
        const { Aliases, ...rest } = without(endpoint, OWN_OF_AN_ENDPOINT);
        const names = ((Aliases ?? []) as readonly string[]).filter((alias) => alias !== id.slice(0, 12));
        return [networkNames.get(name) ?? name, { ...rest, Aliases: names.toSorted() }];
      }),
    ),
    Config: {
      ...config,
      // The image is the same one, see Image; its name is one that does not move.
      Image: '<image>',
      Hostname: /^[0-9a-f]{12}$/.test(word(config['Hostname'])) ? '<id>' : (config['Hostname'] ?? null),
      // Compose puts them in no order.
      Env: ((config['Env'] ?? []) as readonly string[]).toSorted(),
      Labels: labels,
    },
    HostConfig: {
      ...host,
      NetworkMode: shared(host['NetworkMode']),
      IpcMode: shared(host['IpcMode']),
      PidMode: shared(host['PidMode']),
      Binds: ((host['Binds'] ?? []) as readonly string[]).map(placed).toSorted(),
      // In no order, when one was started and the other was not.
      Mounts: sorted(deepPlaced(host['Mounts'])),
      VolumesFrom: ((host['VolumesFrom'] ?? []) as readonly string[]).map((from) =>
        from.replace(/^[0-9a-f]{64}/, '<other>'),
      ),
      Ulimits: sorted(host['Ulimits'] ?? null),
      Links: ((host['Links'] ?? []) as readonly string[]).toSorted(),
    },
    Mounts: mounts
      .map((mount) => {
        const anonymous = /^[0-9a-f]{64}$/.test(word(mount['Name']));
        const source = word(mount['Source']);
        return {
          ...mount,
          ...(anonymous ? { Name: '<anonymous>' } : {}),
          Source: mount['Type'] === 'volume' ? '<volume>' : placed(source),
        };
      })
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

/** Every container of a project by name, as it can be compared with that of another Compose. */
export function containersOf(guest: Shell, project: string): ReadonlyMap<string, Members> {
  const text = guest.run(
    `docker inspect $(docker ps -aq --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.oneoff=False)`,
  );
  const all = JSON.parse(text) as readonly Members[];
  // One that was never started has some of its networks by id.
  const named = guest.run(`docker network ls --no-trunc --format '{{.ID}} {{.Name}}'`).split('\n');
  const networkNames = new Map(named.map((line) => line.split(' ') as [string, string]));
  return new Map(
    all
      .map((each) => [word(each['Name']).slice(1), sameContainer(each, networkNames)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The services of `docker compose config --format json`, but for what zebu is known to write in another way. */
export function servicesOf(config: string): Readonly<Record<string, Members>> {
  const { services } = JSON.parse(config) as { readonly services: Readonly<Record<string, Members>> };
  const other = new Set(['image', 'pull_policy', 'develop']);
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const labels = without(service['labels'], new Set(['dev.zebu.contents']));
      const rest = without(service, new Set([...other, 'labels']));
      return [name, deepPlaced({ ...rest, ...(Object.keys(labels).length === 0 ? {} : { labels }) }) as Members];
    }),
  );
}

/** Where plain Compose has its checkout of a project, in the VM. */
export const PLAIN_FOLDER = '/srv/plain';

/**
 * Puts the files of a commit and a `.env` into the folder of plain Compose, over what is there. Their times are of now, as
 * after a checkout: BuildKit takes a file of the same size and the same second for the same file.
 */
export function checkOutPlain(guest: Shell, folder: string, ref: string, env = ''): void {
  const archive = execFileSync('git', ['archive', ref, ':!zebu.yml'], { cwd: folder }).toString('base64');
  guest.run(`sudo mkdir -p ${PLAIN_FOLDER} && sudo chown "$(id -u)" ${PLAIN_FOLDER} && cd ${PLAIN_FOLDER} && base64 -d <<'END' | tar -xm
${archive}
END
printf '%s' '${env}' >.env`);
}
