import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import type { core } from 'zod';
import type { InstalledTransports } from './installed-transports.js';
import { describeOrigin, type Origin } from './layers.js';

interface Problem {
  /** Dotted path. */
  readonly key: string;
  readonly where: string;
  readonly message: string;
}

export interface Shown {
  readonly origins: ReadonlyMap<string, Origin>;
  /** Name of the main file in messages. */
  readonly file: string;
  /** Names that are valid below a dotted path. */
  readonly namesAt: (path: string) => readonly string[];
  /** The transport that is chosen and that no usable plugin offers, so that nobody can say what its keys are. */
  readonly missing?: { readonly id: string; readonly broken: InstalledTransports['broken'] } | undefined;
}

/** The origin of a path, or of the nearest thing around it that was written somewhere. */
function where(path: readonly PropertyKey[], shown: Shown): string {
  for (let length = path.length; length > 0; length--) {
    const origin = shown.origins.get(path.slice(0, length).map(String).join('.'));
    if (origin !== undefined && origin.kind !== 'default') return describeOrigin(origin);
  }
  return shown.file;
}

/** Nobody corrects more at once. */
const MOST = 30;

/** Keys that the transport may have which nobody offers: one line for all of them. */
function ofMissing(
  names: readonly string[],
  shown: Shown,
  { id, broken }: NonNullable<Shown['missing']>,
): readonly Problem[] {
  const [first] = names;
  if (first === undefined) return [];
  const [word, them] = names.length === 1 ? ['key', 'it'] : ['keys', 'them'];
  const unusable = broken.find((plugin) => plugin.id === id);
  const why =
    unusable === undefined
      ? [
          `the transport \`${id}\`, which may have ${them}, is offered by no plugin`,
          ...broken.map(({ plugin, reason }) => `${plugin} offers nothing: ${reason}`),
        ].join('; ')
      : `the transport \`${id}\` of ${unusable.plugin}, which may have ${them}, cannot be used: ${unusable.reason}`;
  return [
    {
      key: `proxmox.${first}`,
      where: where(['proxmox', first], shown),
      message: `unknown ${word} ${names.map((name) => `\`proxmox.${name}\``).join(', ')}; ${why}`,
    },
  ];
}

function ofUnknown(issue: core.$ZodIssueUnrecognizedKeys, shown: Shown): readonly Problem[] {
  const key = issue.path.map(String).join('.');
  const known = shown.namesAt(key);
  const names = issue.keys.slice(0, MOST).map((name) => ({ name, meant: nearest(name, known) }));
  const { missing } = shown;
  const foreign = key === 'proxmox' && missing !== undefined ? names.filter(({ meant }) => meant === undefined) : [];
  return [
    ...names
      .filter((each) => !foreign.includes(each))
      .map(({ name, meant }) => {
        const path = [...issue.path, name];
        const full = path.map(String).join('.');
        return {
          key: full,
          where: where(path, shown),
          message: `unknown key \`${full}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
        };
      }),
    ...(missing === undefined
      ? []
      : ofMissing(
          foreign.map(({ name }) => name),
          shown,
          missing,
        )),
  ];
}

function toProblems(issue: core.$ZodIssue, shown: Shown): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') return ofUnknown(issue, shown);
  const key = issue.path.map(String).join('.');
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const message = missing ? `\`${key}\` is required` : `\`${key}\`: ${issue.message}`;
  return [{ key, where: where(issue.path, shown), message }];
}

const sizeOf = (issue: core.$ZodIssue): number => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1);

/** What is wrong, one line each, as many as anybody reads: file:line (or variable, or flag), key, and the nearest valid key. */
export function configProblems(issues: readonly core.$ZodIssue[], shown: Shown): ZebuError {
  const problems = issues.slice(0, MOST).flatMap((issue) => toProblems(issue, shown));
  const lines = problems.slice(0, MOST).map((problem) => `${problem.where}: ${problem.message}`);
  const unread = issues.reduce((sum, issue, at) => sum + Math.max(0, sizeOf(issue) - (at < MOST ? MOST : 0)), 0);
  const unsaid = problems.length - lines.length + unread;
  if (unsaid > 0) lines.push(`and ${unsaid} more`);
  return new ZebuError('CONFIG_INVALID', lines.join('\n'), {
    hint:
      shown.missing !== undefined &&
      issues.some(({ code, path }) => code === 'unrecognized_keys' && path[0] === 'proxmox')
        ? 'Install the plugin that has it (zebu plugins:install); what is there: zebu providers'
        : 'All keys: `zebu config:schema`, or docs/configuration.md.',
    details: { problems: problems.slice(0, MOST) },
  });
}
