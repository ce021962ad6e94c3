import { makerLine, writeNote, type CopyNote } from '../temporary/note.js';
import { ownNote } from '../proxmox/ownership.js';

/**
 * What the machines of a rebuild say in the web interface. What people have written there is kept below a line, and is the whole note
 * again once the machine is the app's.
 */

const LINE = '\n\n---\n\n';

/** Proxmox takes 8 KiB. */
const LONGEST = 6000;

const below = (head: string, rest: string): string => (rest === '' ? head : `${head}${LINE}${rest.slice(0, LONGEST)}`);

/** What the note of a machine is without what a rebuild has written above it; that of any VM of the app where there is nothing else. */
export function lastingNote(app: string, description: string | undefined, heads: boolean): string {
  const text = (description ?? '').trim();
  const at = text.indexOf(LINE);
  const rest = heads ? (at === -1 ? '' : text.slice(at + LINE.length)) : text;
  return rest.trim() === '' ? ownNote(app) : rest.trim();
}

export const formerNote = (app: string, by: number, rest: string): string =>
  below(
    `This was the virtual machine of the app "${app}" until VM ${by} took its place. zebu keeps it, stopped and unplugged: vm:rebuild --back goes back to it, vm:rebuild --forget removes it.`,
    rest,
  );

const HA = 'The one before was under the HA manager.';

/** So that also who carries an interrupted rebuild to its end knows. */
export const saysHa = (description: string | undefined): boolean => (description ?? '').includes(HA);

/** Of one that is about to take the place of another. */
export const nextNote = (note: CopyNote, ha: boolean): string => (ha ? `${HA}\n\n${writeNote(note)}` : writeNote(note));

const KEPT = 'It was kept of a rebuild until then.';

/** Nothing of it is new: where it comes to nothing, it is kept again. */
export const saysKept = (description: string | undefined): boolean => (description ?? '').includes(KEPT);

/** Of one that has, and has not served since. */
export const handoverNote = (
  note: CopyNote,
  {
    before,
    ha,
    kept = false,
    rest,
  }: {
    readonly before: number | undefined;
    readonly ha: boolean;
    readonly kept?: boolean;
    readonly rest: string;
  },
): string =>
  below(
    [
      `Virtual machine of the app "${note.app}", managed by zebu. It has ${before === undefined ? 'become that' : `taken the place of VM ${before}`}, and has not served since: see vm:rebuild.`,
      ...(ha ? [HA] : []),
      ...(kept ? [KEPT] : []),
      makerLine(note),
    ].join('\n\n'),
    rest,
  );
