import { variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import * as z from 'zod';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { runAsRoot } from '../guest/as-root.js';
import { network, unmovable, type Network } from './networks.js';
import SURVEY from './survey.sh';
import { UNITS_NOTE } from './units-note.js';

/** A folder that is brought over, with what is in it. */
export interface Tree {
  /** For people. */
  readonly what: string;
  readonly path: string;
  readonly bytes: number;
  /** Of a volume of Docker, which has to be made first: its name and labels. */
  readonly volume?: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  /** A single file, and nothing beside it. */
  readonly file?: true;
  /** Below it, what is the machine's own. */
  readonly without: readonly string[];
}

export interface Surveyed {
  readonly trees: readonly Tree[];
  /** Built in the machine, by name. */
  readonly images: readonly string[];
  readonly imageBytes: number;
  /** Of a registry, by digest. */
  readonly pulled: readonly { readonly name: string; readonly live: boolean }[];
  readonly networks: readonly Network[];
  readonly units: readonly { readonly file: string; readonly enabled: boolean }[];
  /** What cannot be brought, in the words of survey.sh. */
  readonly refused: readonly { readonly why: string; readonly name: string; readonly more: string }[];
  /** Mounted for reading: the next machine has its own. */
  readonly system: readonly string[];
  /** On purpose, services. */
  readonly stopped: readonly string[];
  readonly unnamed: readonly { readonly service: string; readonly path: string; readonly bytes: number }[];
}

/** What of the app's folder stands for what is under way in the machine, and is not the next one's. */
const OWN = [
  ...[
    'lock',
    'holder',
    'held',
    'worker',
    'transaction',
    'stopped',
    'rebuild-stopped',
    'rebuild-said',
    'rebuild-serve',
    'pause-at',
  ],
  UNITS_NOTE,
  ...['.incoming', '.reserve', '.current', '.run*', '.watch*', 'client.*'],
];

const MS = 600_000;
const labels = z.record(z.string(), z.string()).nullable();

const bytes = (kib: string | undefined): number => Number(kib ?? 0) * 1024;

/** Reads what survey.sh prints. @param base folder of the app */
export function parseSurvey(text: string, base: string): Surveyed {
  const rows = text.split('\n').map((line) => line.split('\t'));
  const of = (kind: string): readonly (readonly string[])[] =>
    rows.filter(([first]) => first === kind).map(([, ...rest]) => rest);
  const names = (kind: string): readonly string[] => of(kind).map(([name = '']) => name);
  const [[baseKib] = []] = of('base');
  return {
    trees: [
      { what: 'the folder of the app', path: base, bytes: bytes(baseKib), without: OWN },
      ...of('volume').map(([name = '', path = '', kib, found = 'null']) => ({
        what: `volume ${name}`,
        path,
        bytes: bytes(kib),
        volume: { name, labels: labels.parse(JSON.parse(found)) ?? {} },
        without: [],
      })),
      ...of('folder').map(([path = '', kib]) => ({ what: path, path, bytes: bytes(kib), without: [] })),
      ...of('file').map(([path = '', kib]) => ({
        what: path,
        path,
        bytes: bytes(kib),
        file: true as const,
        without: [],
      })),
    ],
    images: names('image'),
    imageBytes: bytes(of('images')[0]?.[0]),
    pulled: of('pulled').map(([name = '', whose]) => ({ name, live: whose !== 'older' })),
    networks: names('network').map((text) => network.parse(JSON.parse(text))),
    units: of('unit').map(([file = '', state]) => ({ file, enabled: state === 'enabled' })),
    refused: of('refused').map(([why = '', name = '', more = '']) => ({ why, name, more })),
    system: names('system'),
    stopped: names('stopped'),
    unnamed: of('unnamed').map(([service = '', path = '', kib]) => ({ service, path, bytes: bytes(kib) })),
  };
}

/** What of the app is in the machine. @throws VM_NOT_READY */
export async function surveyMachine(context: Context, session: SshSession): Promise<Surveyed> {
  const { app, vm } = context.config;
  const { name } = app;
  const { base } = appLayout(name);
  const { io, signal } = context;
  const values = { base, project: name, app: name, user: vm.user, mountinfo: '/proc/self/mountinfo' };
  const text = await runAsRoot(session, variables(values) + SURVEY, {
    io,
    signal,
    timeoutMs: MS,
  });
  return parseSurvey(text, base);
}

type Refusal = (name: string, more: string) => readonly [message: string, hint: string];

const HAND = 'What is mounted in the VM by hand cannot be mounted in a new one';

/** By the words of survey.sh. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  mounted: (name, more) => [
    name === more
      ? `${name} is mounted into a service and is a file system of its own`
      : `${name} is a file system of its own, within ${more}, which is to be brought over`,
    `${HAND}: have Docker mount it, as a volume with driver_opts.`,
  ],
  system: (name) => [
    `${name} is mounted into a service, which may write there, and is a folder or file of the system`,
    'Of the system nothing is brought over, as the new VM has its own: mount it read-only (:ro), or mount a folder below it.',
  ],
  link: (name, more) => [
    `${name} is mounted into a service and leads to ${more} by a symbolic link`,
    `Name ${more} in the Compose file: links outside of the app's folder are not brought over.`,
  ],
  device: (name) => [
    `${name}, a disk of the VM, is given to a service`,
    'Only the disk of the system is made anew: further disks of the VM are not brought over.',
  ],
  kind: (name) => [
    `${name} is mounted into a service and is neither a folder nor a file`,
    'Sockets that a program of the VM makes are at home below /run.',
  ],
  driver: (name, more) => [
    `The volume ${name} is one of the driver ${more}, which a new VM does not have`,
    'Take a volume of the driver local, whose driver_opts can mount nfs and cifs.',
  ],
  'by-hand': (name) => [
    `The volume ${name} was made by hand, with options`,
    'Describe it in the Compose file, with its driver_opts, so that it can be made in the new VM.',
  ],
  options: (name, more) => [
    `The volume ${name} is mounted from ${more} of the VM, which is not brought over`,
    'Volumes are mounted in a new VM from nfs, cifs and tmpfs, and folders of the disk are brought over.',
  ],
};

const differs = ([message, hint]: readonly [string, string]): ZebuError =>
  new ZebuError('VM_DIFFERS', message, { hint });

/** What cannot be brought over without a word. @throws VM_DIFFERS */
export function requireMovable({ refused, unnamed, networks, stopped }: Surveyed, leaveUnnamed: boolean): void {
  const [mounted] = refused;
  if (mounted !== undefined) {
    const { why, name, more } = mounted;
    throw differs(REFUSALS[why]?.(name, more) ?? [`${name} cannot be brought over: ${why}`, 'See docs/rebuild.md.']);
  }
  const network = networks.map(unmovable).find((why) => why !== undefined);
  if (network !== undefined) throw differs(network);
  if (stopped.length > 0)
    throw differs([
      `Stopped on purpose: ${stopped.join(', ')}; in the new VM everything is started`,
      'Start it first, with zebu app:start; or take it out of the Compose file.',
    ]);
  const [first] = unnamed;
  if (first !== undefined && !leaveUnnamed)
    throw differs([
      `The service ${first.service} keeps files in ${first.path}, in a volume without a name, which cannot be brought over`,
      'Give it a name in the Compose file; or, where these files are of no use, --leave-unnamed-volumes.',
    ]);
}
