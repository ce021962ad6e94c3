/** A word that can come next, with a few words about it. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What a list of commands says of one. */
export interface ListedCommand {
  readonly id: string;
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
}

/** What is needed of the command that is typed; the manifest has all of it. */
export interface KnownCommand extends ListedCommand {
  readonly flags: Readonly<
    Record<
      string,
      {
        readonly name: string;
        readonly type: 'boolean' | 'option';
        readonly char?: string | undefined;
        readonly description?: string | undefined;
        readonly summary?: string | undefined;
        readonly hidden?: boolean | undefined;
        readonly multiple?: boolean | undefined;
        readonly options?: readonly string[] | undefined;
        readonly allowNo?: boolean | undefined;
      }
    >
  >;
  readonly args: Readonly<Record<string, { readonly options?: readonly string[] | undefined }>>;
}

/** A value that only the project knows; `complete` says which kind, somebody else looks it up. */
export type Wanted = 'branches' | 'files' | 'releases' | 'services' | 'tags';

export type Completion = { readonly candidates: readonly Candidate[]; readonly wanted?: Wanted };

const FLAG_VALUES: Readonly<Record<string, Wanted>> = {
  tag: 'tags',
  version: 'tags',
  branch: 'branches',
  config: 'files',
  compose: 'files',
};
/** Commands whose arguments are services, whatever they are called. */
const SERVICE_COMMANDS = /^app:(exec|logs|restart|run|start|stop|top)$/;
const RELEASE_COMMANDS = /^app:(diff|rollback)$/;

/**
 * What can follow the words typed so far.
 * @param words without `zebu`; the last one is being typed, and may be empty
 * @param whole all that is known of a command of the list
 */
export function complete<Listed extends ListedCommand>(
  words: readonly string[],
  commands: readonly Listed[],
  whole: (listed: Listed) => KnownCommand | undefined,
): Completion {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const [first, second] = before;
  const shown = commands.filter(({ hidden }) => hidden !== true);
  if (first === undefined) {
    return {
      candidates: startingWith(
        current,
        shown.map(({ id, summary = '' }) => ({ word: id, about: summary })),
      ),
    };
  }
  let listed = commands.find(({ id }) => id === first);
  let rest = before.slice(1);
  if (listed === undefined) {
    // `zebu app deploy` is `zebu app:deploy`.
    if (second === undefined) {
      const below = shown.filter(({ id }) => id.startsWith(`${first}:`));
      const named = below.map(({ id, summary = '' }) => ({ word: id.slice(first.length + 1), about: summary }));
      return { candidates: startingWith(current, named) };
    }
    listed = commands.find(({ id }) => id === `${first}:${second}`);
    rest = before.slice(2);
  }
  const command = listed === undefined ? undefined : whole(listed);
  if (command === undefined || rest.includes('--')) return { candidates: [] };
  const flags = Object.values(command.flags).filter(({ hidden }) => hidden !== true);

  const last = rest.at(-1) ?? '';
  const open = flags.find(
    ({ name, char, type }) =>
      type === 'option' && (last === `--${name}` || (char !== undefined && last === `-${char}`)),
  );
  if (open !== undefined) return valuesOf(open.name, open.options, current);
  const [inline] = /^--[^=]+=/.exec(current) ?? [];
  if (inline !== undefined) {
    const flag = flags.find(({ name }) => name === inline.slice(2, -1));
    return flag === undefined ? { candidates: [] } : valuesOf(flag.name, flag.options, current.slice(inline.length));
  }
  if (current.startsWith('-')) {
    const used = new Set(rest);
    const words = flags
      .filter(({ name, multiple }) => multiple === true || !used.has(`--${name}`))
      .map(({ name, summary, description }) => ({ word: `--${name}`, about: summary ?? description ?? '' }));
    return { candidates: startingWith(current, words) };
  }
  if (SERVICE_COMMANDS.test(command.id)) return { candidates: [], wanted: 'services' };
  if (RELEASE_COMMANDS.test(command.id)) return { candidates: [], wanted: 'releases' };
  const options = Object.values(command.args).flatMap((arg) => arg.options ?? []);
  return {
    candidates: startingWith(
      current,
      options.map((word) => ({ word, about: '' })),
    ),
  };
}

function valuesOf(flag: string, options: readonly string[] | undefined, current: string): Completion {
  if (options !== undefined)
    return {
      candidates: startingWith(
        current,
        options.map((word) => ({ word, about: '' })),
      ),
    };
  const wanted = FLAG_VALUES[flag];
  return wanted === undefined ? { candidates: [] } : { candidates: [], wanted };
}

export function startingWith(current: string, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(current)).toSorted((a, b) => (a.word < b.word ? -1 : 1));
}
