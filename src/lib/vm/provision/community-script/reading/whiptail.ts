import type { Dialog } from '../dialogs.js';

/** A question as the script asks it. */
export interface AskedDialog {
  /** Undefined when it cannot be read. */
  readonly title: string | undefined;
  readonly kind: Dialog['kind'] | 'message' | 'other';
  /** Tags with their texts; undefined when the script works them out while it runs, or there are none to choose from. */
  readonly choices: ReadonlyMap<string, string> | undefined;
  readonly file: string;
  readonly line: number;
}

/** A word whose value is not known is undefined. */
type Value = string | undefined;

const KINDS: Readonly<Record<string, AskedDialog['kind']>> = {
  '--yesno': 'yesno',
  '--inputbox': 'input',
  '--radiolist': 'choice',
  '--menu': 'choice',
  '--msgbox': 'message',
  '--infobox': 'message',
};
const OTHERS = /^--(?:checklist|passwordbox|passwordform|textbox|gauge|form|fselect|calendar|timebox)$/;
const WITH_VALUE = /^--(?:backtitle|title|default-item|(?:cancel|ok|yes|no|extra|help)-(?:button|label))$/;

/** Text, height, width and, of a list, how much of it is shown. */
const BEFORE_ITEMS = 4;

function choicesOf(box: string, words: readonly Value[]): AskedDialog['choices'] {
  const items = words.slice(BEFORE_ITEMS);
  const each = box === '--menu' ? 2 : 3;
  if (items.length === 0 || items.length % each !== 0) return undefined;
  const choices = new Map<string, string>();
  for (let i = 0; i < items.length; i += each) {
    const tag = items[i];
    if (tag === undefined) return undefined;
    choices.set(tag, items[i + 1] ?? '');
  }
  return choices;
}

/** @param args of `whiptail` or `dialog` @returns undefined when it asks nothing: `--version`, a file that is shown */
export function askedBy(args: readonly Value[], file: string, line: number): AskedDialog | undefined {
  let title: Value = '';
  let box: string | undefined;
  const words: Value[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (word === '--title') title = args[++i];
    else if (word !== undefined && WITH_VALUE.test(word)) i++;
    else if (word !== undefined && (KINDS[word] !== undefined || OTHERS.test(word))) box = word;
    else if (word?.startsWith('--') !== true) words.push(word);
  }
  if (box === undefined) return undefined;
  const kind = KINDS[box] ?? 'other';
  return { title, kind, choices: kind === 'choice' ? choicesOf(box, words) : undefined, file, line };
}
