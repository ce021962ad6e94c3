/** The recorded first hour as a page, and what of it has to be the same each time. */
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../cli.js';
import { screenOf } from './screen.js';
import { COLUMNS, type Typed } from './session.js';

export const PAGE = 'docs/first-hour.md';
export const CAST = 'docs/first-hour.cast';

/** Of the way by hand: host key, script, its dialogs, keys, clone, `.env`, build, start, look; addresses, sizes, keys, values. */
const BEFORE = { commands: 9, decisions: 5 };

const TITLES = ['Install, in a checkout of zebu', 'Configure, in the repository of the app', 'Run', 'Open'];

/** What a person has to know or to judge: values given to options, and questions answered. */
export const decisionsIn = (rows: readonly string[]): readonly string[] =>
  rows.flatMap((row) => {
    const given = row.startsWith('$ ') ? (row.match(/ --?[a-z-]+[ =][^-\s"][^\s")]*/g) ?? []) : [];
    const [, answered] = /^✔ (.+\? .*· .+)$/.exec(row) ?? [];
    return [...given.map((each) => each.trim()), ...(answered === undefined ? [] : [answered])].filter(
      (each) => !each.startsWith('-s '),
    );
  });

/** Commands with what they showed, as they stand in the page. */
export const blocksOfPage = (page: string): readonly (readonly string[])[] =>
  [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trimEnd().split('\n'));

const seconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

/** This machine's name of the checkout is nobody's business. */
const withoutPath = (text: string): string => text.replaceAll(ROOT.replace(/\/$/, ''), '~/zebu');

export async function pageOf(played: readonly Typed[]): Promise<string> {
  const shown = played.map(({ shown: each }) => each.map(([at, text]) => [at, withoutPath(text)] as const));
  const screens = await Promise.all(shown.map(async (each) => (await screenOf(each)).rows));
  const decisions = screens.flatMap(decisionsIn);
  const total = played.reduce((sum, each) => sum + each.seconds, 0);
  const sections = played.map(
    (each, index) =>
      `## ${index + 1}. ${TITLES[index] ?? ''}\n\n\`\`\`text\n${(screens[index] ?? []).join('\n')}\n\`\`\`\n\n${seconds(each.seconds)}.\n`,
  );
  const text = `# The first hour

<!-- Written by \`npm run first-hour\`; \`npm run test:long\` plays it again and compares. -->

From an empty home to an app that answers, in ${seconds(total)}: the commands of [README](../README.md#start), each line as a terminal of
${COLUMNS} columns showed it. The same as an asciicast: [first-hour.cast](first-hour.cast) (\`asciinema play docs/first-hour.cast\`).

Who types has Node, npm, git and OpenSSH, a checkout of zebu, a key that opens the host (\`ssh root@pve true\`), and the
repository of an app with the \`.env\` that it runs with, here [examples/shop](../examples/shop). The host is the
[lab](../plugins/lab/README.md), with guests that share this machine's kernel, which is why the VM boots in a second and has no swap
and no disk of its own. It has no way to the internet either: two variables name a stand-in for the community script and allow
its image without the publisher's sums, which is warned of below.

|           | by hand | now |
| --------- | ------- | --- |
| commands  | ${BEFORE.commands} | ${played.length} |
| decisions | ${BEFORE.decisions} | ${decisions.length} |

${decisions.map((each) => `- \`${each}\``).join('\n')}

${sections.join('\n')}`;
  const options = (await resolveConfig(`${ROOT}${PAGE}`)) ?? {};
  return format(text, { ...options, filepath: PAGE });
}

/** asciicast, version 2. @param started of the recording */
export function castOf(played: readonly Typed[], started: Date): string {
  const header = {
    version: 2,
    width: COLUMNS,
    height: 24,
    timestamp: Math.floor(started.getTime() / 1000),
    title: 'zebu: the first hour',
    env: { TERM: 'xterm-256color', SHELL: '/bin/bash' },
  };
  const events = played.flatMap(({ shown }) =>
    shown.map(([at, text]) => [Number(at.toFixed(3)), 'o', withoutPath(text)] as const),
  );
  return `${[header, ...events].map((each) => JSON.stringify(each)).join('\n')}\n`;
}

const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/\d{8}T\d{6}Z-[0-9a-f]{7}/g, 'RELEASE'],
  [/\b[0-9a-f]{7}\b/g, 'COMMIT'],
  [/\b10(?:\.\d+){3}\b/g, 'ADDRESS'],
  [/\[(?:\d+m)?\d+(?:\.\d+)?s\]/g, '[TIME]'],
  [/\b\d+(?:\.\d+)? (?:KiB|MiB|MB)\b/g, 'SIZE'],
  [/\bin \d+(?:\.\d+)? ?(?:m|s|ms)\b/g, 'in TIME'],
  [/\b(Docker|Compose) \d[\w.+~-]*/g, '$1 VERSION'],
  [/\b\d+ checks\b/g, 'N checks'],
];

/**
 * What one command showed, without what is another each time, and without where lines were broken, which depends on that.
 * A build that was due before it is no part of it.
 */
export function compared(rows: readonly string[]): readonly string[] {
  const lines = rows.filter((row) => !row.startsWith('==> '));
  // A row that is full goes on in the next.
  const text = lines.map((row) => (row.length === COLUMNS ? row : `${row} `)).join('');
  const same = CHANGING.reduce((each, [pattern, name]) => each.replaceAll(pattern, name), text.replaceAll(/\s+/g, ' '));
  return same.split(/ (?=[✔?] |warning: |\$ |next: |wrote |changed |http)/).map((each) => each.trim());
}
