import { sh } from '@zebu/kit';
import * as z from 'zod';

/** One container of the app. */
export interface ServiceState {
  readonly service: string;
  readonly container: string;
  /** Docker's word: running, exited, restarting, created, paused, dead. */
  readonly state: string;
  readonly health: 'healthy' | 'none' | 'starting' | 'unhealthy';
  /** Meant to stay up, as opposed to a one-shot. */
  readonly lasting: boolean;
  readonly exitCode: number;
  readonly restarts: number;
  readonly outOfMemory: boolean;
  readonly startedAt: string;
  readonly image: string;
  /** As `0.0.0.0:8080->8080/tcp`. */
  readonly ports: readonly string[];
  readonly verdict: 'bad' | 'good' | 'waiting';
}

export interface AppSurvey {
  readonly services: readonly ServiceState[];
  readonly current: string | null;
  /** The last line of the history. */
  readonly lastRecord: string | undefined;
  /** Note of whoever deploys right now. */
  readonly holder: string | undefined;
}

/** One container a line, as JSON that Docker itself writes. */
const FORMAT = [
  '{"service":{{json (index .Config.Labels "com.docker.compose.service")}}',
  '"oneoff":{{json (index .Config.Labels "com.docker.compose.oneoff")}}',
  '"name":{{json .Name}}',
  '"state":{{json .State.Status}}',
  '"health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}}',
  '"exit":{{.State.ExitCode}}',
  '"oom":{{.State.OOMKilled}}',
  '"restarts":{{.RestartCount}}',
  '"started":{{json .State.StartedAt}}',
  '"image":{{json .Config.Image}}',
  '"check":{{if .Config.Healthcheck}}true{{else}}false{{end}}',
  '"policy":{{json .HostConfig.RestartPolicy.Name}}',
  '"ports":{{json .NetworkSettings.Ports}}',
  '"bindings":{{json .HostConfig.PortBindings}}}',
].join(',');

const containerLine = z.object({
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
  check: z.boolean(),
  policy: z.string(),
  ports: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable()).nullable(),
  bindings: z.record(z.string(), z.unknown()).nullable(),
});

/** Everything `app:status` needs, in one round trip and two starts of the Docker client. */
export function statusScript(base: string, project: string): string {
  return sh`
cd ${base} 2>/dev/null && {
  printf 'current=%s\n' "$(readlink current 2>/dev/null)"
  printf 'record=%s\n' "$(tail -n 1 releases.jsonl 2>/dev/null)"
  exec 8>>lock; flock -n 8 || printf 'holder=%s\n' "$(cat holder 2>/dev/null)"
  exec 8>&-
}
ids=$(docker ps -aq --no-trunc --filter ${`label=com.docker.compose.project=${project}`}) || exit 1
[ -n "$ids" ] || exit 0
docker inspect --format ${FORMAT} $ids | sed 's/^/container=/'
`;
}

function judge(
  state: string,
  health: ServiceState['health'],
  lasting: boolean,
  exitCode: number,
): ServiceState['verdict'] {
  if (state === 'running') return health === 'unhealthy' ? 'bad' : health === 'starting' ? 'waiting' : 'good';
  if (state === 'exited') return !lasting && exitCode === 0 ? 'good' : 'bad';
  return state === 'created' || state === 'restarting' ? 'waiting' : 'bad';
}

function toState(line: z.infer<typeof containerLine>): ServiceState {
  const health =
    line.health === 'healthy' || line.health === 'starting' || line.health === 'unhealthy' ? line.health : 'none';
  const lasting =
    line.check ||
    Object.keys(line.bindings ?? {}).length > 0 ||
    line.policy === 'always' ||
    line.policy === 'unless-stopped';
  const ports = Object.entries(line.ports ?? {}).flatMap(([inside, hosts]) =>
    (hosts ?? []).map(
      ({ HostIp, HostPort }) => `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}->${inside}`,
    ),
  );
  return {
    service: line.service,
    container: line.name.replace(/^\//, ''),
    state: line.state,
    health,
    lasting,
    exitCode: line.exit,
    restarts: line.restarts,
    outOfMemory: line.oom,
    startedAt: line.started,
    image: line.image,
    ports,
    verdict: judge(line.state, health, lasting, line.exit),
  };
}

export function parseStatus(stdout: string): AppSurvey {
  const services: ServiceState[] = [];
  const values = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const cut = line.indexOf('=');
    if (cut < 1) continue;
    const [key, value] = [line.slice(0, cut), line.slice(cut + 1)];
    if (key !== 'container') {
      values.set(key, value);
      continue;
    }
    const parsed = containerLine.safeParse(JSON.parse(value));
    if (parsed.success && parsed.data.oneoff !== 'True') services.push(toState(parsed.data));
  }
  const current = values.get('current')?.split('/').at(-1);
  const record = values.get('record');
  return {
    services: services.toSorted((a, b) => a.container.localeCompare(b.container)),
    current: current === undefined || current === '' ? null : current,
    lastRecord: record === '' ? undefined : record,
    holder: values.get('holder'),
  };
}
