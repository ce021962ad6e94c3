/** The commands of zebu and of the lab as the manifests have them, in the words of a reference. */
import type { Exits } from '../../plugins/kit/src/exits.js';
import type { Schema } from '../schema-breaks.js';

export interface ManifestFlag {
  readonly name: string;
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly aliases?: readonly string[];
  readonly allowNo?: boolean;
  readonly description?: string;
  readonly env?: string;
  readonly default?: unknown;
  readonly helpGroup?: string;
  readonly helpValue?: string;
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly required?: boolean;
  readonly exclusive?: readonly string[];
  readonly dependsOn?: readonly string[];
}

export interface ManifestArgument {
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly options?: readonly string[];
  readonly default?: unknown;
}

export interface ManifestCommand {
  readonly id: string;
  readonly summary?: string;
  readonly description?: string;
  readonly usage?: string;
  readonly strict?: boolean;
  readonly aliases: readonly string[];
  readonly examples: readonly string[];
  readonly args: Readonly<Record<string, ManifestArgument>>;
  readonly flags: Readonly<Record<string, ManifestFlag>>;
  /** Undefined for a command that does not declare it, which the build refuses. */
  readonly exits?: Exits;
}

/** One command with what `--json` prints under `result`. */
export interface DocumentedCommand extends ManifestCommand {
  readonly result: Schema;
}

/** Commands of one page. */
export interface Page {
  /** Name of the file, without `.md`. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly holds: (id: string) => boolean;
}

const under =
  (...topics: readonly string[]) =>
  (id: string): boolean =>
    topics.includes(id.split(':', 1)[0] ?? '');

const PAGES: readonly Page[] = [
  {
    name: 'vm',
    title: 'The VM',
    about: 'The virtual machine the app runs in: made once, kept as zebu.yml says.',
    holds: under('vm'),
  },
  { name: 'app', title: 'The app', about: 'Deploy the app and look after it.', holds: under('app') },
  {
    name: 'secrets',
    title: 'Secrets',
    about: 'The app’s secrets: sources, the VM, rotation. No command shows a value, except secrets:get.',
    holds: under('secrets'),
  },
  {
    name: 'plugins',
    title: 'Plugins',
    about: 'Install and list plugins, see what they provide, make one.',
    holds: under('plugins', 'plugin', 'providers'),
  },
  {
    name: 'lab',
    title: 'The lab',
    about: 'A Proxmox-compatible node on this machine, to rehearse with.',
    holds: under('lab'),
  },
  // The last one takes what is left.
  {
    name: 'project',
    title: 'Project and checks',
    about: 'Begin, check, configure, deploy from CI, complete words in a shell.',
    holds: () => true,
  },
];

/** Page → its commands, both in order; every command is on one page. */
export function byPage(commands: readonly DocumentedCommand[]): ReadonlyMap<Page, readonly DocumentedCommand[]> {
  const of = (id: string): Page | undefined => PAGES.find(({ holds }) => holds(id));
  return new Map(PAGES.map((page) => [page, commands.filter(({ id }) => of(id) === page)]));
}

/** oclif's templates in examples and usage, filled in. */
export const filledIn = (text: string): string =>
  text.replaceAll('<%= config.bin %>', 'zebu').replaceAll('<%= command.id %>', '');

/** What to type: `zebu app:follow [RUN] [flags]`. */
export function synopsis({ id, usage, args, strict, flags }: ManifestCommand): string {
  if (usage !== undefined) return `zebu ${filledIn(usage)}`;
  const words = Object.values(args).map(({ name, required }) => {
    const word = `${name.toUpperCase()}${strict === false ? '...' : ''}`;
    return required === true ? word : `[${word}]`;
  });
  // Words behind `--` go to another program.
  if (words.length === 0 && strict === false) words.push('-- COMMAND...');
  const own = Object.values(flags).filter((flag) => !isGlobal(flag));
  return ['zebu', id, ...(own.length === 0 ? [] : ['[flags]']), ...words].join(' ');
}

/** `0, 1, 2, 130.` and what there is to say of them. */
export function exitLine({ exits }: ManifestCommand, listed: (statuses: string) => string = String): string {
  return [`${listed((exits?.statuses ?? []).join(', '))}.`, ...(exits?.note === undefined ? [] : [exits.note])].join(
    ' ',
  );
}

export const isGlobal = ({ helpGroup }: ManifestFlag): boolean => helpGroup === 'GLOBAL';

/** `-n, --tail LINES`: what is typed for a flag. */
export function flagForms(flag: ManifestFlag): string {
  const value =
    flag.type === 'option' ? ` ${flag.helpValue ?? flag.options?.join('|') ?? flag.name.toUpperCase()}` : '';
  const long = flag.allowNo === true ? `--[no-]${flag.name}` : `--${flag.name}`;
  const other = (flag.aliases ?? []).map((alias) => `, --${alias}`).join('');
  return `${flag.char === undefined ? '' : `-${flag.char}, `}${long}${other}${value}`;
}

/** What a flag means, and what else holds for it. */
export function flagMeaning(flag: ManifestFlag): string {
  const flags = (names: readonly string[]): string => names.map((name) => `--${name}`).join(', ');
  const { description = '' } = flag;
  return [
    description,
    ...(flag.multiple === true ? ['Can be given several times.'] : []),
    ...defaultOf(flag, description),
    ...(flag.dependsOn === undefined ? [] : [`Only with ${flags(flag.dependsOn)}.`]),
    ...(flag.exclusive === undefined ? [] : [`Not with ${flags(flag.exclusive)}.`]),
  ].join(' ');
}

export function argumentMeaning(argument: ManifestArgument): string {
  const { description = '', options, required } = argument;
  const listed = options !== undefined && !options.every((option) => description.includes(option));
  return [
    description,
    ...(listed ? [`One of ${options.join(', ')}.`] : []),
    ...defaultOf(argument, description),
    ...(required === true || /Default/.test(description) ? [] : ['Optional.']),
  ].join(' ');
}

function defaultOf({ default: value }: { readonly default?: unknown }, description: string): readonly string[] {
  // `false` is what every switch is that was not given; some descriptions say more than the value does.
  if (value === undefined || value === false || /Default/.test(description)) return [];
  return [`Default: ${typeof value === 'string' ? value : JSON.stringify(value)}.`.replace(/\.\.$/, '.')];
}
