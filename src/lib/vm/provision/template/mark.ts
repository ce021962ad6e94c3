import type { DesiredVm } from '../../desired.js';

/** What the note of a template says of it, for zebu: tags would have to be allowed one by one where a datacenter restricts them. */
export interface TemplateMark {
  /** What it was made of: see key.ts. */
  readonly key: string;
  /** What its disk was to have, in GiB; it has more where the image is larger, as every VM of that image has. */
  readonly diskGb: number;
  /** ISO 8601, UTC. */
  readonly made: string;
  /** The app it was made for. */
  readonly app: string;
}

const markLine = ({ key, diskGb, made, app }: TemplateMark): string =>
  `template ${key} disk ${diskGb} made ${made} for ${app}`;

/** In the note of one that is being made. */
export const makingLine = (key: string): string => `making template ${key}`;

const imageOf = ({ image }: DesiredVm): string =>
  image === undefined ? '' : image.kind === 'url' ? image.url : image.volume;

/** The note of a template in the web interface. */
export function templateNote(mark: TemplateMark, desired: DesiredVm, docker: string): string {
  return [
    `Template that zebu clones new VMs from (vm.template): ${imageOf(desired)} with Docker ${docker}. It has no users, keys or data.`,
    'zebu makes another one when this one is a month old or something else is wanted; zebu doctor --clean removes those that nobody needs.',
    markLine(mark),
  ].join('\n\n');
}

/** What a note says of a template; undefined where somebody has written another. */
export function readMark(note: string | undefined): TemplateMark | undefined {
  const { key, disk, made, app } =
    /^template (?<key>[0-9a-f]{64}) disk (?<disk>\d+) made (?<made>\S+) for (?<app>\S+)$/m.exec(note ?? '')?.groups ??
    {};
  if (key === undefined || made === undefined || app === undefined || Number.isNaN(Date.parse(made))) return undefined;
  return { key, diskGb: Number(disk), made, app };
}

/** Of which template a VM becomes one; undefined where its note does not say. */
export const keyInMaking = (note: string | undefined): string | undefined =>
  /^making template ([0-9a-f]{64})$/m.exec(note ?? '')?.[1];
