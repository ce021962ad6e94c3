import { posix } from 'node:path';

/** A sequence of numbers that a seed gives again: mulberry32. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Where Compose's project directory is in the repositories that are made here. */
export const DIRECTORY = 'docker';
/** Folders that are never content of a commit. One is within another, one has a name that a shell would take apart. */
const DATA = ['data', 'data/sub', 'docker/store', "odd na'me", 'deep/er/down'] as const;
/** What a commit has, mounted read-only; the repository itself may be written to. */
const CONTENT = ['conf/app.conf', 'docker/site', '.'] as const;

export interface Mount {
  readonly service: string;
  /** From the top of the repository. */
  readonly path: string;
  readonly target: string;
  readonly writable: boolean;
}

export interface Layout {
  /** Path → text. */
  readonly files: Readonly<Record<string, string>>;
  readonly services: readonly string[];
  readonly mounts: readonly Mount[];
}

const COMMAND = '[/bin/busybox, sleep, "100000000"]';
const quoted = (text: string): string => JSON.stringify(text);

interface Spelled {
  /** An entry of `volumes`. */
  readonly entry: string;
  /** Lines for the top of the file. */
  readonly top?: string;
  /** Lines of the top-level `volumes`. */
  readonly volume?: string;
}

/** One of the ways to name a path in a Compose file. @param from the folder that relative ones count from */
function spell(pick: (below: number) => number, app: string, mount: Mount, from: string): Spelled {
  const { path, target, writable, service } = mount;
  const relative = posix.relative(from, path) || '.';
  const dotted = relative.startsWith('.') ? relative : `./${relative}`;
  const spellings = [
    dotted,
    `\${PWD}/${path}`,
    `/opt/zebu/${app}/current/tree/${path}`,
    `${dotted}/../${posix.basename(posix.resolve('/x', path))}`,
  ];
  const source = path === '.' ? dotted : (spellings[pick(spellings.length)] ?? dotted);
  const long = `{ type: bind, source: ${quoted(source)}, target: ${quoted(target)}${writable ? '' : ', read_only: true'} }`;
  const name = `${service}${target.replaceAll('/', '_')}`;
  // By what it holds: Docker cannot point a volume that is there at another folder.
  const volume = `${service}_${path.replaceAll(/[^a-z]/g, '_')}`;
  switch (pick(4)) {
    case 0:
      return { entry: long };
    case 1:
      return { entry: `*${name}`, top: `x-${name}: &${name} ${long}\n` };
    case 2:
      if (path === '.' || path.startsWith('conf/')) break;
      return {
        entry: `{ type: volume, source: ${volume}, target: ${quoted(target)}${writable ? '' : ', read_only: true'} }`,
        volume: `  ${volume}: { driver_opts: { type: none, o: bind, device: ${quoted(source.startsWith('.') ? `\${PWD}/${path}` : source)} } }\n`,
      };
    default:
      break;
  }
  return { entry: quoted(`${source}:${target}${writable ? '' : ':ro'}`) };
}

/** A repository whose services mount what they mount in every way there is. @param version makes its commit another one */
export function randomLayout(pick: (below: number) => number, app: string, version: string): Layout {
  const files: Record<string, string> = {
    'conf/app.conf': `setting = ${pick(3)}\n`,
    'docker/site/index.html': `page ${pick(3)}\n`,
    version: `${version}\n`,
  };
  for (const path of DATA) if (pick(3) === 0) files[`${path}/.gitkeep`] = '';
  const mounts: Mount[] = [];
  const services = ['one', 'two', 'three'].slice(0, 2 + pick(2));
  let number = 0;
  for (const service of services) {
    for (const path of DATA) {
      if (pick(2) === 0) continue;
      mounts.push({ service, path, target: `/m${number++}`, writable: pick(3) > 0 });
    }
    const path = CONTENT[pick(CONTENT.length + 1)];
    if (path !== undefined)
      mounts.push({ service, path, target: `/m${number++}`, writable: path === '.' && pick(2) === 0 });
  }
  const parts = { own: { top: '', services: '', volumes: '' }, included: { top: '', services: '', volumes: '' } };
  for (const service of services) {
    const where = service === 'two' && pick(2) === 0 ? 'included' : 'own';
    const spelled = mounts
      .filter((mount) => mount.service === service)
      .map((mount) => spell(pick, app, mount, where === 'own' ? DIRECTORY : `${DIRECTORY}/parts`));
    const part = parts[where];
    part.services += `  ${service}:\n    image: base:1\n    restart: unless-stopped\n    stop_signal: SIGKILL\n    command: ${COMMAND}\n    volumes: [${spelled.map(({ entry }) => entry).join(', ')}]\n`;
    part.top += spelled.map(({ top = '' }) => top).join('');
    part.volumes += spelled.map(({ volume = '' }) => volume).join('');
  }
  const text = ({ top, services: of, volumes }: (typeof parts)['own']): string =>
    `${top}services:\n${of}${volumes === '' ? '' : `volumes:\n${volumes}`}`;
  const include = parts.included.services === '' ? '' : 'include: [parts/more.yml]\n';
  files[`${DIRECTORY}/docker-compose.yml`] = include + text(parts.own);
  if (include !== '') files[`${DIRECTORY}/parts/more.yml`] = text(parts.included);
  return { files, services, mounts };
}

export const isData = (path: string): boolean => (DATA as readonly string[]).includes(path);
/** Where services write, and it is there for good. */
export const isWritten = (path: string): boolean => path === '.' || isData(path);
