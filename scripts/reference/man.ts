/** man/zebu.1: the same reference for `man zebu`. */
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
import { globalFlags } from './markdown.js';
import { macro, prose, roff } from './roff.js';

export const MAN_PAGE = 'man/zebu.1';

const term = (forms: string, meaning: string): readonly string[] => ['.TP', `\\fB${roff(forms)}\\fP`, prose(meaning)];
/** The rest of an entry is indented below its name. */
const indented = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['.RS', ...lines, '.RE']);

function flagEntry(flag: ManifestFlag): readonly string[] {
  const from = flag.env === undefined ? '' : ` Variable: \`${flag.env}\`.`;
  return term(flagForms(flag), `${flagMeaning(flag)}${from}`);
}

function entry(command: DocumentedCommand): readonly string[] {
  const { id, summary = '', description, aliases, args, flags, examples } = command;
  const own = Object.values(flags).filter((flag) => !isGlobal(flag));
  return [
    macro('SS', id),
    '.nf',
    `\\fB${roff(synopsis(command))}\\fP`,
    '.fi',
    '.PP',
    prose(summary),
    ...(description === undefined ? [] : ['.PP', prose(description)]),
    ...(aliases.length === 0 ? [] : [prose(`Also as ${aliases.join(', ')}.`)]),
    ...Object.values(args).flatMap((each) => term(each.name.toUpperCase(), argumentMeaning(each))),
    ...own.flatMap(flagEntry),
    '.PP',
    prose(`Exit status: ${exitLine(command)}`),
    '.PP',
    'Examples:',
    ...indented(['.nf', ...examples.map((example) => roff(filledIn(example))), '.fi']),
  ];
}

/** Variables that flags are read from, with the first flag's meaning. */
function variables(commands: readonly DocumentedCommand[]): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  for (const { flags } of commands)
    for (const flag of Object.values(flags))
      if (flag.env !== undefined && !found.has(flag.env))
        found.set(flag.env, `As --${flag.name}. ${flag.description ?? ''}`);
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** @param version of the package. There is no date: the same sources make the same page on any day. */
export function manPage(commands: readonly DocumentedCommand[], version: string, about: string): string {
  const { every, project } = globalFlags(commands);
  const lines = [
    '.\\" Generated from the commands themselves; do not edit.',
    macro('TH', 'ZEBU', '1', '', `zebu ${version}`, 'User Commands'),
    '.nh',
    '.ad l',
    macro('SH', 'NAME'),
    `zebu \\- ${roff(about.replace(/\.$/, ''))}`,
    macro('SH', 'SYNOPSIS'),
    '\\fBzebu\\fP \\fICOMMAND\\fP [\\fIARGUMENTS\\fP] [\\fIFLAGS\\fP]',
    '.br',
    '\\fBzebu\\fP [\\fICOMMAND\\fP] \\fB\\-\\-help\\fP',
    macro('SH', 'DESCRIPTION'),
    prose(
      'One developer or a small team, one Proxmox VE host, one Docker Compose app in a git repository: `zebu vm:create` makes the virtual machine once, `zebu app:deploy --tag v1.2` deploys as a transaction, `zebu app:status` says whether it is up, and `zebu doctor` what is in the way.',
    ),
    '.PP',
    prose(
      'The words of a command are joined by a colon or a blank: `zebu vm:create` is `zebu vm create`. The result goes to standard output, everything else to standard error. Nothing asks without a terminal.',
    ),
    ...[...byPage(commands)].flatMap(([page, own]) => [
      macro('SH', `COMMANDS: ${page.title.toUpperCase()}`),
      prose(page.about),
      ...own.flatMap(entry),
    ]),
    macro('SH', 'FLAGS OF EVERY COMMAND'),
    ...every.flatMap(flagEntry),
    ...term('--help', 'Show what a command takes.'),
    macro('SH', 'FLAGS OF THE PROJECT'),
    prose('Of commands about an app and its VM, which read `zebu.yml`.'),
    ...project.flatMap(flagEntry),
    macro('SH', 'EXIT STATUS'),
    ...[...STATUSES].flatMap(([status, meaning]) => term(String(status), meaning)),
    macro('SH', 'ENVIRONMENT'),
    prose(
      'Every key of `zebu.yml` has a variable, as `ZEBU_VM_CORES` for `vm.cores`; `zebu config:show` says what is in force. Further:',
    ),
    ...variables(commands).flatMap(([name, meaning]) => term(name, meaning)),
    ...term('ZEBU_STATE_DIR', 'Folder for what zebu remembers on this machine, such as pins of host keys.'),
    ...term(
      'ZEBU_PAGER, PAGER',
      'What output longer than a terminal’s screen is read with; empty for nothing. Default: less.',
    ),
    ...term('ZEBU_NO_UPDATE_NOTICE, NO_UPDATE_NOTIFIER', 'Do not look for newer versions of zebu.'),
    ...term('NO_COLOR, FORCE_COLOR', 'Without colours, or with them, whatever the output is.'),
    macro('SH', 'FILES'),
    ...term('zebu.yml', 'The configuration, looked for in the working directory and upwards.'),
    ...term('zebu.ENV.yml', 'What differs in an environment, with --env.'),
    macro('SH', 'SEE ALSO'),
    '\\fBdocker\\fP(1), \\fBssh\\fP(1), \\fBgit\\fP(1)',
  ];
  return `${lines.join('\n')}\n`;
}
