import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import type { core } from 'zod';
import type { InstalledTransports } from './installed-transports.js';
import { describeOrigin, type Origin } from './layers.js';

export interface Problem {
  /** Dotted path. */
  readonly key: string;
  readonly where: string;
  readonly message: string;
}

interface Shown {
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

/** Whose keys they may be is known, and not what they mean: one line for all of them. */
function ofMissing(
  issue: core.$ZodIssueUnrecognizedKeys,
  shown: Shown,
  { id, broken }: NonNullable<Shown['missing']>,
): readonly Problem[] {
  const keys = issue.keys.slice(0, MOST).map((name) => `proxmox.${name}`);
  const one = keys.length === 1;
  const unusable = broken.find((plugin) => plugin.id === id);
  const why =
    unusable === undefined
      ? [
          `the transport \`${id}\` would have to know, and no plugin offers it`,
          ...broken.map(({ plugin, reason }) => `${plugin} offers nothing: ${reason}`),
        ].join('; ')
      : `the transport \`${id}\` of ${unusable.plugin} would have to know, and cannot be used: ${unusable.reason}`;
  return [
    {
      key: keys[0] ?? 'proxmox',
      where: where(['proxmox', issue.keys[0] ?? ''], shown),
      message: `what ${keys.map((name) => `\`${name}\``).join(', ')} ${one ? 'means' : 'mean'}, ${why}`,
    },
  ];
}

function toProblems(issue: core.$ZodIssue, shown: Shown): readonly Problem[] {
  const key = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    if (key === 'proxmox' && shown.missing !== undefined) return ofMissing(issue, shown, shown.missing);
    return issue.keys.slice(0, MOST).map((name) => {
      const meant = nearest(name, shown.namesAt(key));
      const path = [...issue.path, name];
      return {
        key: path.map(String).join('.'),
        where: where(path, shown),
        message: `unknown key \`${path.map(String).join('.')}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
      };
    });
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const message = missing ? `\`${key}\` is required` : `\`${key}\`: ${issue.message}`;
  return [{ key, where: where(issue.path, shown), message }];
}

const isOfMissing = ({ code, path }: core.$ZodIssue): boolean =>
  code === 'unrecognized_keys' && path.join('.') === 'proxmox';

/** What is wrong, one line each, as many as anybody reads: file:line (or variable, or flag), key, and the nearest valid key. */
export function configProblems(issues: readonly core.$ZodIssue[], shown: Shown): ZebuError {
  const problems = issues.slice(0, MOST).flatMap((issue) => toProblems(issue, shown));
  const count = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
  const lines = problems.slice(0, MOST).map((problem) => `${problem.where}: ${problem.message}`);
  if (count > lines.length) lines.push(`and ${count - lines.length} more`);
  return new ZebuError('CONFIG_INVALID', lines.join('\n'), {
    hint:
      shown.missing !== undefined && issues.some(isOfMissing)
        ? 'Install the plugin that has it (zebu plugins:install); what is there: zebu providers'
        : 'All keys: `zebu config:schema`, or docs/configuration.md.',
    details: { problems: problems.slice(0, MOST) },
  });
}
