import { variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import * as z from 'zod';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { runAsRoot } from '../guest/as-root.js';
import SURVEY from './survey.sh';

/** A folder that is brought over, with what is in it. */
export interface Tree {
  /** For people. */
  readonly what: string;
  readonly path: string;
  readonly bytes: number;
  /** Of a volume of Docker, which has to be made first: its name and labels. */
  readonly volume?: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  /** Below it, what is the machine's own. */
  readonly without: readonly string[];
}

export interface Surveyed {
  readonly trees: readonly Tree[];
  /** Built in the machine, by name. */
  readonly images: readonly string[];
  readonly imageBytes: number;
  /** Of a registry, by digest. */
  readonly pulled: readonly string[];
  readonly networks: readonly string[];
  readonly units: readonly { readonly file: string; readonly enabled: boolean }[];
  /** Of volumes and folders that are somewhere else. */
  readonly elsewhere: readonly { readonly name: string; readonly folder: boolean }[];
  readonly unnamed: readonly { readonly service: string; readonly path: string; readonly bytes: number }[];
}

/** What of the app's folder stands for what is under way in the machine, and is not the next one's. */
const OWN = [
  ...['lock', 'holder', 'held', 'worker', 'transaction', 'stopped', 'rebuild-stopped', 'rebuild-said', 'pause-at'],
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
    ],
    images: names('image'),
    imageBytes: bytes(of('images')[0]?.[0]),
    pulled: names('pulled'),
    networks: names('network'),
    units: of('unit').map(([file = '', state]) => ({ file, enabled: state === 'enabled' })),
    elsewhere: of('elsewhere').map(([name = '', kind]) => ({ name, folder: kind === 'folder' })),
    unnamed: of('unnamed').map(([service = '', path = '', kib]) => ({ service, path, bytes: bytes(kib) })),
  };
}

/** What of the app is in the machine. @throws VM_NOT_READY */
export async function surveyMachine(context: Context, session: SshSession): Promise<Surveyed> {
  const { name } = context.config.app;
  const { base } = appLayout(name);
  const { io, signal } = context;
  const text = await runAsRoot(session, variables({ base, project: name, app: name }) + SURVEY, {
    io,
    signal,
    timeoutMs: MS,
  });
  return parseSurvey(text, base);
}

/** What cannot be brought over without a word. @throws VM_DIFFERS */
export function requireMovable({ elsewhere, unnamed }: Surveyed, leaveUnnamed: boolean): void {
  const [mounted] = elsewhere.filter(({ folder }) => folder);
  if (mounted !== undefined)
    throw new ZebuError('VM_DIFFERS', `${mounted.name} is mounted into a service and is a file system of its own`, {
      hint: 'What is mounted in the VM by hand cannot be mounted in a new one: have Docker mount it, as a volume with driver_opts.',
    });
  const [first] = unnamed;
  if (first !== undefined && !leaveUnnamed)
    throw new ZebuError(
      'VM_DIFFERS',
      `The service ${first.service} keeps files in ${first.path}, in a volume without a name, which cannot be brought over`,
      { hint: 'Give it a name in the Compose file; or, where these files are of no use, --leave-unnamed-volumes.' },
    );
}
