import { arch, homedir, platform } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Names } from '../../src/lib/redaction/names.js';
import { withoutCredentials, withoutNames } from '../../src/lib/redaction/patterns.js';
import { failures, type Outcome } from './acceptance.js';
import type { Taken } from './take-step.js';

/** What a node is called that nobody gave a name. */
const UNNAMED = 'pve';

export interface Run {
  readonly outcome: Outcome;
  readonly versions: Readonly<Record<string, string>>;
  /** As it was reached. */
  readonly hosts: readonly string[];
  /** Folder of the zebu that ran. */
  readonly root: string;
}

/** Something to attach to an issue: `report.md`, and what was said to Proxmox as `conversation-<way>.jsonl`. */
export function writeReport(folder: string, { outcome, versions, hosts, root }: Run): void {
  mkdirSync(folder, { recursive: true });
  const names = new Names();
  const said = outcome.lives.flatMap(({ steps }) => steps.map(({ stderr }) => stderr)).join('\n');
  const nodes = [...said.matchAll(/\/nodes\/([\w.-]+)/g)].map(([, name = '']) => name);
  for (const host of [...hosts, ...nodes]) if (host !== UNNAMED) names.learn('host', host);
  // Where zebu lies tells who its user is.
  const placeless = (text: string): string =>
    text.replaceAll(root.replace(/\/$/, ''), '<zebu>').replaceAll(homedir(), '<home>');
  const clean = (text: string): string => withoutNames(withoutCredentials(placeless(text), names), names, new Set());
  for (const { name, conversation } of outcome.lives)
    writeFileSync(join(folder, `conversation-${name.replace(':', '-')}.jsonl`), conversation);
  writeFileSync(join(folder, 'report.md'), clean(markdown(outcome, versions)));
}

const row = ({ step, ok, why, seconds }: Taken): string =>
  `| ${ok ? 'ok' : step.optional === true ? 'warn' : '**failed**'} | ${seconds.toFixed(1)} | ${step.name} | \`zebu ${step.argv.join(' ')}\` | ${(why ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')} |`;

function markdown(outcome: Outcome, versions: Readonly<Record<string, string>>): string {
  const { lives, title, version, removed, left, begun, seconds } = outcome;
  const steps = lives.flatMap((life) => life.steps);
  const refused = steps.filter(({ ok, step }) => !ok && step.optional === true).length;
  const broken = lives.flatMap(({ name, steps }) => steps.filter(({ ok }) => !ok).map((taken) => ({ name, taken })));
  return [
    `# zebu on ${title}`,
    '',
    `- Proxmox VE ${version}`,
    ...Object.entries(versions).map(([name, text]) => `- ${name} ${text}`),
    `- run on ${platform()} ${arch()}`,
    `- begun ${begun.toISOString().slice(0, 16).replace('T', ' ')} UTC, took ${Math.round(seconds / 60)} min`,
    `- ${steps.length} steps, ${failures(outcome)} failed${refused === 0 ? '' : `, ${refused} refused for what this storage cannot do`}`,
    ...(removed.length === 0 ? [] : [`- removed at the end: ${removed.join(', ')}`]),
    ...(left === undefined ? [] : [`- **not cleaned up**: ${left}`]),
    ...lives.flatMap(({ name, steps, conversation }) => [
      '',
      `## ${name}`,
      '',
      `${conversation.split('\n').length - 1} requests to Proxmox are in \`conversation-${name.replace(':', '-')}.jsonl\`.`,
      '',
      '|  | seconds | step | command | what was wrong |',
      '| --- | --- | --- | --- | --- |',
      ...steps.map(row),
    ]),
    ...broken.flatMap(({ name, taken }) => [
      '',
      `## ${name}: ${taken.step.name}`,
      '',
      'Its last lines:',
      '',
      ...taken.stderr.split('\n').map((line) => `    ${line}`),
    ]),
    '',
  ].join('\n');
}
