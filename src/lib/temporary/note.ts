import { author } from '../app-folder/author.js';
import type { Context } from '../context/context.js';
import type { CopyKind } from '../proxmox/ownership.js';
import { thisMaker, type Maker } from './maker.js';

/** The note of a copy in the web interface, which also says who works with it: see leftovers.ts. */
export interface CopyNote {
  readonly app: string;
  readonly kind: CopyKind;
  /** Of what it is a copy: a backup, or the running VM. */
  readonly source: string;
  /** What it is for, in words. */
  readonly why: string;
  readonly who: string;
  readonly from: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Left by its maker for a look: no run removes it. */
  readonly kept: boolean;
  readonly maker: Maker;
  /** Grows as long as its maker lives. */
  readonly beat: number;
}

const WHY: Readonly<Record<CopyKind, string>> = {
  proof: 'to see whether its backup comes back',
  rehearsal: 'to rehearse a release on its data',
  rebuild: 'to take its place',
  template: 'to clone new VMs from',
};

/** What it is, for whoever finds it in the web interface. */
const whatItIs = ({ app, kind, why, source, who, from, since }: CopyNote): readonly string[] => {
  if (kind === 'template')
    return [
      `Virtual machine that zebu is making for the app "${app}": ${source}, for ${who} on ${from} since ${since}.`,
    ];
  return kind === 'rebuild'
    ? [
        `Virtual machine that is to take the place of that of the app "${app}", managed by zebu: see vm:rebuild. Until then nothing is served from it.`,
        `It is for ${source}, made for ${who} on ${from} at ${since}.`,
      ]
    : [
        `Copy of the virtual machine of the app "${app}", made by zebu ${why}. Its network is unplugged.`,
        `It is a copy of ${source}, made for ${who} on ${from} at ${since}.`,
      ];
};

/** That of a copy which this process is about to make. @param source of what it is a copy, in words @param why the same */
export function newNote(context: Context, kind: CopyKind, source: string, why: string = WHY[kind]): CopyNote {
  const since = context.clock.now().toISOString();
  const made = { ...author(context, ''), since, maker: thisMaker() };
  return { app: context.config.app.name, kind, source, why, ...made, kept: false, beat: 0 };
}

/** By which it is seen whether somebody is at work with it. */
export const makerLine = ({ maker, beat, kept }: Pick<CopyNote, 'beat' | 'kept' | 'maker'>): string =>
  `maker ${maker.machine} ${maker.pid} beat ${beat}${kept ? ' kept' : ''}`;

export function writeNote(note: CopyNote): string {
  const { kept } = note;
  return [
    ...whatItIs(note),
    kept
      ? `It was left for a look: zebu app:rehearse --clean removes it.`
      : 'zebu removes it when it is done, or at its next start.',
    makerLine(note),
  ].join('\n\n');
}

/** What the note says of its maker; undefined where somebody has written another. */
export function readNote(text: string | undefined): Pick<CopyNote, 'beat' | 'kept' | 'maker'> | undefined {
  const [, machine, pid, beat, kept] = /^maker ([0-9a-f]+) (\d+) beat (\d+)( kept)?$/m.exec(text ?? '') ?? [];
  if (machine === undefined) return undefined;
  return { maker: { machine, pid: Number(pid) }, beat: Number(beat), kept: kept !== undefined };
}
