import { stringify } from 'yaml';

type Pick = (below: number) => number;

/** A service of a made-up app: numbers stand for contents, settings and which of the shared things it has. */
interface Part {
  readonly env: number;
  readonly label: number;
  /** Part of the interval of its health check; the checks of others never fail. */
  readonly check: number;
  readonly config: Given;
  readonly secret: boolean;
  readonly setting: boolean;
  readonly file: number | null;
  readonly folder: number | null;
  readonly network: number | null;
}
type Given = 'content' | 'environment' | 'file' | null;

/** A made-up app: what its files say, and so what has to run. */
export interface MadeUp {
  readonly parts: Readonly<Record<string, Part>>;
  /** What each config, file, folder, network and the setting is at, as a number. */
  readonly content: number;
  readonly configFile: number;
  readonly secretFile: number;
  readonly setting: number;
  readonly files: readonly number[];
  readonly folders: readonly number[];
  readonly networks: readonly number[];
  readonly unrelated: number;
  /** A service that cannot become good, and how. */
  readonly bad: { readonly service: string; readonly how: 'loops' | 'sick' } | null;
}

/** Always there: a database that makes what `web` is healthy by, and a worker that dies when it is told to. */
export const ROLES = ['db', 'web', 'worker'] as const;
const OTHERS = ['one', 'two', 'three'] as const;

const maybe = (pick: Pick, count: number): number | null => {
  const chosen = pick(count + 1);
  return chosen === count ? null : chosen;
};
const givens: readonly Given[] = ['content', 'environment', 'file', null];

function randomPart(pick: Pick): Part {
  return {
    env: 0,
    label: 0,
    check: 0,
    config: givens[pick(4)] ?? null,
    secret: pick(2) === 0,
    setting: pick(3) === 0,
    file: maybe(pick, 2),
    folder: maybe(pick, 2),
    network: maybe(pick, 2),
  };
}

export function madeUp(pick: Pick): MadeUp {
  const names = [...ROLES, ...OTHERS.slice(0, 1 + pick(OTHERS.length))];
  return {
    parts: Object.fromEntries(names.map((name) => [name, randomPart(pick)])),
    content: 0,
    configFile: 0,
    secretFile: 0,
    setting: 0,
    files: [0, 0],
    folders: [0, 0],
    networks: [0, 0],
    unrelated: 0,
    bad: null,
  };
}

const bumped = (list: readonly number[], at: number): readonly number[] =>
  list.map((each, index) => (index === at ? each + 1 : each));

/** The same app after one thing was changed, and the services that have to be replaced for it. */
function edited(app: MadeUp, pick: Pick): { readonly app: MadeUp; readonly what: string } {
  const names = Object.keys(app.parts);
  const name = names[pick(names.length)] ?? 'db';
  const part = app.parts[name] as Part;
  const withPart = (changes: Partial<Part>): MadeUp => ({
    ...app,
    parts: { ...app.parts, [name]: { ...part, ...changes } },
  });
  const at = pick(2);
  const edits: readonly (() => { readonly app: MadeUp; readonly what: string })[] = [
    () => ({ app: withPart({ env: part.env + 1 }), what: `env of ${name}` }),
    () => ({ app: withPart({ label: part.label + 1 }), what: `label of ${name}` }),
    () => ({ app: withPart({ check: part.check + 1 }), what: `health check of ${name}` }),
    () => ({ app: { ...app, content: app.content + 1 }, what: 'content of a config' }),
    () => ({ app: { ...app, configFile: app.configFile + 1 }, what: 'file of a config' }),
    () => ({ app: { ...app, secretFile: app.secretFile + 1 }, what: 'file of a secret' }),
    () => ({ app: { ...app, setting: app.setting + 1 }, what: 'setting' }),
    () => ({ app: { ...app, files: bumped(app.files, at) }, what: `file ${at}` }),
    () => ({ app: { ...app, folders: bumped(app.folders, at) }, what: `folder ${at}` }),
    () => ({ app: { ...app, networks: bumped(app.networks, at) }, what: `network ${at}` }),
    () => ({ app: withPart({ file: maybe(pick, 2) }), what: `mounted file of ${name}` }),
    () => ({ app: withPart({ config: givens[pick(4)] ?? null }), what: `config of ${name}` }),
    () => ({ app: { ...app, unrelated: app.unrelated + 1 }, what: 'nothing that is used' }),
  ];
  return (edits[pick(edits.length)] ?? edits[0])?.() ?? { app, what: '' };
}

/** One to three changes; none counts. */
export function changed(app: MadeUp, pick: Pick): { readonly app: MadeUp; readonly what: readonly string[] } {
  let now = app;
  const what: string[] = [];
  for (let left = 1 + pick(3); left > 0; left -= 1) {
    const next = edited(now, pick);
    now = { ...next.app, unrelated: next.app.unrelated + 1 };
    what.push(next.what);
  }
  return { app: now, what };
}

/** Everything about a service that has to be in force, as it is seen from outside and inside its container. */
export function seenOf(app: MadeUp, name: string): Readonly<Record<string, string>> {
  const part = app.parts[name] as Part;
  const config = {
    content: `content ${app.content}`,
    file: `config ${app.configFile}`,
    environment: `set ${app.setting}`,
  };
  return {
    env: String(part.env),
    label: String(part.label),
    check: String(part.check),
    config: part.config === null ? '' : config[part.config],
    secret: part.secret ? `secret ${app.secretFile}` : '',
    setting: part.setting ? `set ${app.setting}` : '',
    file: part.file === null ? '' : `file ${part.file} ${app.files[part.file] ?? 0}`,
    folder: part.folder === null ? '' : `folder ${part.folder} ${app.folders[part.folder] ?? 0}`,
    mtu: part.network === null ? '' : String(1300 + (app.networks[part.network] ?? 0)),
    bad: app.bad?.service === name ? app.bad.how : '',
  };
}

/** Which services of both differ, and so have to be replaced. */
export function affected(before: MadeUp, after: MadeUp): readonly string[] {
  return Object.keys(after.parts)
    .filter((name) => Object.hasOwn(before.parts, name))
    .filter((name) => JSON.stringify(seenOf(before, name)) !== JSON.stringify(seenOf(after, name)))
    .toSorted();
}

const COMMANDS: Readonly<Record<string, string>> = {
  db: 'touch /shared/ok; exec sleep 1000000',
  worker: 'while [ ! -e /tmp/die ]; do sleep 0.1; done; rm -f /tmp/die; exit 1',
};

function composeService(app: MadeUp, name: string): object {
  const part = app.parts[name] as Part;
  const bad = app.bad?.service === name ? app.bad.how : '';
  const command = bad === 'loops' ? 'exit 3' : (COMMANDS[name] ?? 'exec sleep 1000000');
  const test =
    bad === 'sick' ? ['CMD', 'false'] : name === 'web' ? ['CMD', 'test', '-e', '/shared/ok'] : ['CMD', 'true'];
  const checked = name !== 'worker' || bad === 'sick';
  const shared = name === 'db' || name === 'web' ? ['shared:/shared'] : [];
  return {
    image: 'base:1',
    restart: 'always',
    stop_signal: 'SIGKILL',
    command: ['sh', '-c', command],
    environment: { ENV: part.env, ...(part.setting ? { SETTING: '${SETTING}' } : {}) },
    labels: { label: String(part.label), check: String(part.check) },
    ...(checked ? { healthcheck: { test, interval: `${1000 + part.check}ms`, retries: 1 } } : {}),
    ...(name === 'web' ? { depends_on: ['db'] } : {}),
    ...(part.config === null ? {} : { configs: [{ source: part.config, target: '/config' }] }),
    ...(part.secret ? { secrets: ['from-file'] } : {}),
    volumes: [
      ...shared,
      ...(part.file === null ? [] : [`./files/${part.file}:/file:ro`]),
      ...(part.folder === null ? [] : [`./folders/${part.folder}:/folder:ro`]),
    ],
    networks: part.network === null ? ['default'] : ['default', `net${part.network}`],
  };
}

/** The files of the repository; `.env` among them. */
export function filesOf(app: MadeUp): Readonly<Record<string, string>> {
  const compose = {
    services: Object.fromEntries(Object.keys(app.parts).map((name) => [name, composeService(app, name)])),
    configs: {
      content: { content: `content ${app.content}\n` },
      file: { file: './conf/config' },
      environment: { environment: 'SETTING' },
    },
    secrets: { 'from-file': { file: './conf/secret' } },
    volumes: { shared: {} },
    networks: Object.fromEntries(
      app.networks.map((each, index) => [
        `net${index}`,
        { driver_opts: { 'com.docker.network.driver.mtu': String(1300 + each) } },
      ]),
    ),
  };
  return {
    'compose.yml': stringify(compose, { aliasDuplicateObjects: false }),
    'conf/config': `config ${app.configFile}\n`,
    'conf/secret': `secret ${app.secretFile}\n`,
    README: `${app.unrelated}\n`,
    '.gitignore': '.env\n',
    '.env': `SETTING=set ${app.setting}\n`,
    ...Object.fromEntries(app.files.map((each, index) => [`files/${index}`, `file ${index} ${each}\n`])),
    ...Object.fromEntries(app.folders.map((each, index) => [`folders/${index}/it`, `folder ${index} ${each}\n`])),
  };
}
