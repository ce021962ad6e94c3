import { SCRIPT } from './pin.js';
import { CHOICES, COMPLAINTS, dialogTable, type Dialog, type ScriptOs } from './dialogs.js';
import { readFiles, walkScript, type ScriptFiles } from './reading/walk.js';
import type { AskedDialog } from './reading/whiptail.js';

/**
 * Whether a version of the script asks what zebu has answers for: found out by reading it, before anything of it is run.
 */

const SYSTEMS: readonly ScriptOs[] = ['debian13', 'debian12', 'ubuntu2404', 'ubuntu2204'];

/** Answers as zebu gives them for one VM or another; which questions come may depend on them. */
function tables(): readonly (readonly Dialog[])[] {
  const choices = { vmid: 100, storage: 'local', bridge: 'vmbr0', mac: 'bc:24:11:00:00:01', arch: 'amd64' };
  const size = { name: 'app', cores: 2, memoryMb: 2048, diskGb: 20 };
  return SYSTEMS.flatMap((os) =>
    [
      { ...size, cpu: 'host', network: {} },
      { ...size, cpu: 'kvm64', network: { vlan: 7, mtu: 1400 } },
    ].map((desired) => dialogTable(desired, { ...choices, os })),
  );
}

const KINDS: Readonly<Record<AskedDialog['kind'], string>> = {
  choice: 'a choice from a list',
  input: 'a text to type',
  yesno: 'yes or no',
  message: 'a message to confirm',
  other: 'a question of another kind',
};

const at = ({ file, line }: AskedDialog): string => `${file} line ${line}`;
const named = (titles: readonly string[]): string => titles.map((title) => `"${title}"`).join(', ');

function choiceDifferences(dialog: AskedDialog): readonly string[] {
  const { title = '', choices } = dialog;
  const known = CHOICES[title];
  if (known === undefined) return [];
  if (choices === undefined) return [`the choices of "${title}" cannot be read (${at(dialog)})`];
  const optional = Object.keys(known).filter((tag) => tag.startsWith('['));
  const always = Object.keys(known).filter((tag) => !optional.includes(tag));
  const gone = always.filter((tag) => !choices.has(tag));
  const fresh = [...choices.keys()].filter((tag) => !always.includes(tag) && !optional.includes(`[${tag}]`));
  const other = always.filter(
    (tag) =>
      choices
        .get(tag)
        ?.toLowerCase()
        .includes(known[tag]?.toLowerCase() ?? '') === false,
  );
  return [
    ...gone.map((tag) => `"${title}" does not offer ${tag} any more (${at(dialog)})`),
    ...fresh.map((tag) => `"${title}" offers ${tag}, which is new (${at(dialog)})`),
    ...other.map(
      (tag) => `"${title}" says of ${tag}: "${choices.get(tag) ?? ''}", not "${known[tag] ?? ''}" (${at(dialog)})`,
    ),
  ];
}

/** @param expected undefined for what zebu has no answer for */
function kindDifference(dialog: AskedDialog, expected: Dialog | undefined): readonly string[] {
  const { title, kind } = dialog;
  if (title === undefined) return [`something is asked whose title cannot be read (${at(dialog)})`];
  if (expected === undefined) {
    const complains = kind === 'message' && COMPLAINTS.has(title);
    return complains ? [] : [`"${title}" is new: ${KINDS[kind]} (${at(dialog)})`];
  }
  if (kind !== expected.kind)
    return [`"${title}" is now ${KINDS[kind]}, and was ${KINDS[expected.kind]} (${at(dialog)})`];
  return choiceDifferences(dialog);
}

function orderDifference(asked: readonly AskedDialog[], table: readonly Dialog[]): readonly string[] {
  const known = asked.flatMap(({ title }) => (table.some((dialog) => dialog.title === title) ? [title ?? ''] : []));
  const order = known.filter((title, i) => title !== known[i - 1]);
  const wanted = table.map(({ title }) => title).filter((title) => order.includes(title));
  const first = order.findIndex((title, i) => title !== wanted[i]);
  if (first === -1) return [];
  const expected = wanted[first];
  if (expected === undefined) return [`${named([order[first] ?? ''])} is asked a second time`];
  return [`${named([order[first] ?? ''])} is asked where ${named([expected])} was: the order is another`];
}

function differencesWith(source: ScriptFiles, table: readonly Dialog[]): readonly string[] {
  const { asked, unreadable } = walkScript(source, table);
  const kinds = asked.flatMap((dialog) =>
    kindDifference(
      dialog,
      table.find(({ title }) => title === dialog.title),
    ),
  );
  if (unreadable !== undefined) return [...kinds, `it cannot be followed to its end: ${unreadable}`];
  const missing = table.filter(({ title, required }) => required && !asked.some((each) => each.title === title));
  return [
    ...kinds,
    ...missing.map(({ title }) => `"${title}" is not asked any more`),
    ...orderDifference(asked, table),
  ];
}

/**
 * @param files of one version of the script, by their paths
 * @returns one sentence for each thing that is asked otherwise than zebu answers; none when it knows them all
 */
export function dialogDifferences(files: ReadonlyMap<string, Buffer | string>): readonly string[] {
  const texts = new Map([...files].map(([path, content]) => [path, content.toString('utf8')]));
  const source = readFiles(texts, SCRIPT);
  return [...new Set(tables().flatMap((table) => differencesWith(source, table)))];
}
