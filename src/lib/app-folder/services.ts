import { variables } from '@zebu/kit';
import { acceptedJson } from '../config/rules.js';
import { containerLine } from './built-rules.js';
import type { Container } from './container-schema.js';
import CONTAINERS from './containers.sh';
import { parseRecorded, withoutContainer, type Recorded } from './drift.js';
import STATUS from './status.sh';
import { parseMachine, parseUsage, USAGE_SAMPLE } from './usage.js';
import type { Machine, ServiceState, Usage, Watched } from './results.js';
import { toDumpProofs, toProofs } from './proofs.js';
import type { DumpProofs, Proofs } from './proof-schemas.js';
import type { SeenDumps } from './data.js';
import { parseWatch } from './watch.js';

export interface AppSurvey {
  readonly services: readonly ServiceState[];
  readonly current: string | null;
  /** How the link to it is: live, none, or what is wrong; see current-link.sh. */
  readonly link: string | undefined;
  /** The last line of the history. */
  readonly lastRecord: string | undefined;
  /** Note of whoever deploys right now. */
  readonly holder: string | undefined;
  readonly machine: Machine | null;
  /** Backups that were restored to see whether they come back. */
  readonly proofs: Proofs;
  readonly dumpProofs: DumpProofs;
  /** The containers the live release was verified with; null when that was not noted. */
  readonly recorded: readonly Recorded[] | null;
  /** Services of the live release that have no container, though nobody stopped them. */
  readonly missing: readonly string[];
  /** Lines of the history about the live release, oldest first. */
  readonly liveRecords: readonly string[];
  /** What a run that was killed left open: `tx_phase=… tx_id=…`. */
  readonly open: string | undefined;
  /** `RELEASE SECONDS PREVIOUS` while the live one is on probation. */
  readonly probation: string | undefined;
  /** What the VM has seen by itself. */
  readonly watch: Watched | null;
  readonly dumps: SeenDumps;
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
  '"imageId":{{json .Image}}',
  '"hash":{{json (index .Config.Labels "com.docker.compose.config-hash")}}',
  '"check":{{with .Config.Healthcheck}}{{with .Test}}{{if eq (index . 0) "NONE"}}false{{else}}true{{end}}{{else}}false{{end}}{{else}}false{{end}}',
  '"policy":{{json .HostConfig.RestartPolicy.Name}}',
  '"ports":{{json .NetworkSettings.Ports}}',
  '"bindings":{{json .HostConfig.PortBindings}}',
  // Last, so that sed finds it.
  '"pid":{{.State.Pid}}}',
].join(',');

/** Shell: prints the containers; with `usage` also what they and the machine use. */
export const containersPart = (project: string, usage: boolean): string =>
  variables(containersValues(project, usage)) + CONTAINERS;

/** What containers.sh finds set. */
export const containersValues = (project: string, usage: boolean): Readonly<Record<string, number | string>> => ({
  project,
  format: FORMAT,
  with_usage: usage ? 1 : 0,
  sample: USAGE_SAMPLE,
});

/** In a word how a service is: `healthy`, `running`, `stopped`, `exited`. */
export const stateWord = ({ state, health, verdict }: ServiceState): string =>
  verdict === 'stopped' ? verdict : health === 'none' ? state : health;

/** Everything about an app, in one round trip and two starts of the Docker client. */
export const statusScript = (base: string, project: string, usage: boolean): string =>
  variables({ base, ...containersValues(project, usage) }) + STATUS;

function judge(
  state: string,
  health: ServiceState['health'],
  lasting: boolean,
  exitCode: number,
  stopped: boolean,
): ServiceState['verdict'] {
  if (stopped && state === 'exited') return 'stopped';
  if (state === 'running') return health === 'unhealthy' ? 'bad' : health === 'starting' ? 'waiting' : 'good';
  if (state === 'exited') return !lasting && exitCode === 0 ? 'good' : 'bad';
  return state === 'created' || state === 'restarting' ? 'waiting' : 'bad';
}

/**
 * Whether a container is meant to stay up. The runner decides the same (runner/intent.sh).
 * @param intent its word for the service; undefined for a release that was deployed before there were any
 */
function isLasting({ policy, check, bindings }: Container, intent: string | undefined): boolean {
  if (intent === 'awaited' || intent === 'job') return false;
  if (policy === 'always' || policy === 'unless-stopped' || intent === 'serves') return true;
  return intent === undefined && (check || Object.keys(bindings ?? {}).length > 0);
}

/** Whether app:stop stopped it and nobody has started it since (app-folder/stopped.sh). */
const isStopped = ({ service, started }: Container, stopped: readonly string[]): boolean =>
  stopped.includes(service) || stopped.includes(`${service}|${started}`);

/**
 * @param answered what a run has asked itself before Docker's first check was due (runner/ask-health.sh), as SERVICE|STARTED
 */
function healthOf({ service, state, started, health }: Container, answered: readonly string[]): ServiceState['health'] {
  // Of a container that does not run Docker repeats what its last check said.
  if (state !== 'running') return 'none';
  if (health === 'starting') return answered.includes(`${service}|${started}`) ? 'healthy' : 'starting';
  return health === 'healthy' || health === 'unhealthy' ? health : 'none';
}

function toState(
  line: Container,
  usage: ReadonlyMap<string, Usage>,
  intents: ReadonlyMap<string, string>,
  stopped: readonly string[],
  answered: readonly string[],
): ServiceState {
  const intent = intents.get(line.service);
  const health = healthOf(line, answered);
  const lasting = isLasting(line, intent);
  const ports = Object.entries(line.ports ?? {}).flatMap(([containerPort, hosts]) =>
    (hosts ?? []).map(
      ({ HostIp, HostPort }) => `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}->${containerPort}`,
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
    imageId: line.imageId,
    configHash: line.hash,
    usage: usage.get(line.name.replace(/^\//, '')) ?? null,
    ports,
    verdict: judge(line.state, intent === 'job' ? 'none' : health, lasting, line.exit, isStopped(line, stopped)),
  };
}

/** The line of a container that was removed while Docker listed it is cut off or empty. */
function parseContainer(text: string): Container | undefined {
  const container = acceptedJson(text, containerLine);
  return container?.oneoff === 'True' ? undefined : container;
}

export function parseStatus(stdout: string): AppSurvey {
  const lines = stdout.split('\n').flatMap((line) => {
    const cut = line.indexOf('=');
    return cut < 1 ? [] : [[line.slice(0, cut), line.slice(cut + 1)] as const];
  });
  const all = (key: string): readonly string[] => lines.filter(([name]) => name === key).map(([, value]) => value);
  const usage = new Map(all('usage').flatMap((text) => [parseUsage(text)].filter((pair) => pair !== undefined)));
  const intents = new Map(
    all('intent').map((text) => [text.slice(0, text.lastIndexOf(' ')), text.slice(text.lastIndexOf(' ') + 1)] as const),
  );
  const stopped = all('stopped');
  const answered = all('answered');
  const services = all('container').flatMap((text) => {
    const container = parseContainer(text);
    return container === undefined ? [] : [toState(container, usage, intents, stopped, answered)];
  });
  const current = all('current')[0]?.split('/').at(-1);
  const record = all('record')[0];
  const machine = all('machine')[0];
  const recorded = all('recorded').flatMap((text) => [parseRecorded(text)].filter((each) => each !== undefined));
  return {
    services: services.toSorted((a, b) => a.container.localeCompare(b.container, 'en', { numeric: true })),
    current: current === undefined || current === '' ? null : current,
    link: all('link')[0],
    lastRecord: record === '' ? undefined : record,
    holder: all('holder')[0],
    liveRecords: all('live'),
    probation: all('probation')[0],
    open: all('open')[0],
    watch: parseWatch({
      state: all('watch')[0],
      known: all('watch-known'),
      past: all('watch-past'),
      heals: all('watch-heal'),
    }),
    proofs: toProofs(all('proven')[0], all('proof')[0]),
    dumpProofs: toDumpProofs(all('dump-proven')[0], all('dump-proof')[0]),
    dumps: {
      now: all('data-now')[0],
      id: all('data-id')[0],
      at: all('data-t')[0],
      bytes: all('data-bytes')[0],
      attempts: all('data-attempt'),
    },
    machine: machine === undefined ? null : (parseMachine(machine) ?? null),
    recorded: all('recorded').length === 0 ? null : recorded,
    missing: withoutContainer(recorded, services, stopped, intents),
  };
}
