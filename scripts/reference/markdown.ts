/** docs/commands: an index, and a page for each topic. */
import { resultFile } from '../result-schemas.js';
import {
  argumentMeaning,
  byPage,
  exitLine,
  filledIn,
  flagForms,
  flagMeaning,
  isGlobal,
  synopsis,
  type DocumentedCommand,
  type ManifestFlag,
} from './commands.js';
import { STATUSES } from './exits.js';
import { shapeOf } from './shape.js';

export const COMMANDS_FOLDER = 'docs/commands';

/** Angle brackets outside of code are no HTML. */
const escaped = (text: string): string => text.replaceAll(/`[^`]*`|</g, (part) => (part === '<' ? '&lt;' : part));
const cell = (text: string): string => escaped(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
/** As GitHub names the anchor of a heading. */
const anchor = (id: string): string => id.replaceAll(':', '');

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

function flagTable(flags: readonly ManifestFlag[]): readonly string[] {
  return table(
    ['flag', 'variable', 'meaning'],
    flags.map((flag) => [`\`${flagForms(flag)}\``, flag.env === undefined ? '' : `\`${flag.env}\``, flagMeaning(flag)]),
  );
}

function section(command: DocumentedCommand): string {
  const { id, summary = '', description, aliases, args, flags, examples, result } = command;
  const own = Object.values(flags).filter((flag) => !isGlobal(flag));
  const project = 'config' in flags;
  const given = Object.values(args);
  const inherited = project
    ? '[flags of every command](README.md#flags-of-every-command) and [of the project](README.md#flags-of-the-project)'
    : '[flags of every command](README.md#flags-of-every-command)';
  const shape = shapeOf(result);
  return [
    `## ${id}`,
    '',
    escaped(summary),
    '',
    '```text',
    synopsis(command),
    '```',
    '',
    ...(description === undefined ? [] : [escaped(description), '']),
    ...(aliases.length === 0 ? [] : [`Also as ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`, '']),
    ...(given.length === 0
      ? []
      : table(
          ['argument', 'meaning'],
          given.map((each) => [`\`${each.name.toUpperCase()}\``, argumentMeaning(each)]),
        )),
    ...(own.length === 0 ? [] : flagTable(own)),
    `${own.length === 0 ? 'Takes the' : 'And the'} ${inherited}.`,
    '',
    'Examples:',
    '',
    '```text',
    ...examples.map(filledIn),
    '```',
    '',
    `**Exit status**: ${exitLine(command, (statuses) => `[${statuses}](README.md#exit-statuses)`)}`,
    '',
    `**Result** of \`--json\` ([schema](../../${resultFile(id)})):`,
    '',
    ...(result.description === undefined ? [] : [escaped(result.description), '']),
    '```ts',
    shape,
    '```',
    '',
  ].join('\n');
}

const GENERATED = 'Generated from the commands themselves; do not edit.';

/** Flags of one kind of command: those that all of these have. */
function shared(commands: readonly DocumentedCommand[]): readonly ManifestFlag[] {
  const [first, ...rest] = commands;
  return Object.values(first?.flags ?? {}).filter(
    (flag) => isGlobal(flag) && rest.every(({ flags }) => flag.name in flags),
  );
}

/** Flags of every command, and those that commands about a project have besides. */
export function globalFlags(commands: readonly DocumentedCommand[]): {
  readonly every: readonly ManifestFlag[];
  readonly project: readonly ManifestFlag[];
} {
  const every = shared(commands);
  const names = new Set(every.map(({ name }) => name));
  const ofProject = shared(commands.filter(({ flags }) => 'config' in flags));
  return { every, project: ofProject.filter(({ name }) => !names.has(name)) };
}

function index(commands: readonly DocumentedCommand[]): string {
  const { every, project } = globalFlags(commands);
  const help: ManifestFlag = { name: 'help', type: 'boolean', description: 'Show what a command takes.' };
  return [
    '# Commands',
    '',
    GENERATED,
    '',
    'What is typed, what it means, how it ends and what `--json` prints. `zebu COMMAND --help` and `man zebu` say the same.',
    'The words of a command are joined by a colon or a blank: `zebu vm:create` is `zebu vm create`.',
    '',
    ...[...byPage(commands)].flatMap(([page, own]) => [
      `## [${page.title}](${page.name}.md)`,
      '',
      page.about,
      '',
      ...table(
        ['command', 'what it does'],
        own.map(({ id, summary = '' }) => [`[\`${id}\`](${page.name}.md#${anchor(id)})`, summary]),
      ),
    ]),
    '## Flags of every command',
    '',
    ...flagTable([...every, help]),
    '## Flags of the project',
    '',
    'Commands about an app and its VM read `zebu.yml`; [configuration.md](../configuration.md) has its keys.',
    '',
    ...flagTable(project),
    '## Exit statuses',
    '',
    '[troubleshooting.md](../troubleshooting.md) says which errors each stands for, and what to do.',
    '',
    ...table(
      ['status', 'meaning'],
      [...STATUSES].map(([status, meaning]) => [String(status), meaning]),
    ),
    '## Results',
    '',
    'Under `--json` one object is printed: `{"ok":true,"command":…,"schema":1,"result":…,"warnings":[…]}`, or with',
    '`"ok":false` an `error` of `code`, `exit`, `message` and `hint`. The result of each command is below its section, as',
    'TypeScript would write it (`?`: may be absent); the linked JSON Schema is what is promised and checked.',
    '',
  ].join('\n');
}

/** File name → text. */
export function commandPages(commands: readonly DocumentedCommand[]): Record<string, string> {
  const pages = [...byPage(commands)].map(([page, own]) => [
    `${COMMANDS_FOLDER}/${page.name}.md`,
    [
      `# ${page.title}`,
      '',
      GENERATED,
      '',
      escaped(page.about),
      'The [index](README.md) has all commands, the flags they share, and what exit statuses mean.',
      '',
      ...own.map(({ id, summary = '' }) => `- [\`${id}\`](#${anchor(id)}): ${summary}`),
      '',
      ...own.map(section),
    ].join('\n'),
  ]);
  return { [`${COMMANDS_FOLDER}/README.md`]: index(commands), ...(Object.fromEntries(pages) as object) };
}
