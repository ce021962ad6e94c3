import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import type { core } from 'zod';
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

function toProblems(issue: core.$ZodIssue, shown: Shown): readonly Problem[] {
  const key = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
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

/** What is wrong, one line each, as many as anybody reads: file:line (or variable, or flag), key, and the nearest valid key. */
export function configProblems(issues: readonly core.$ZodIssue[], shown: Shown): ZebuError {
  const problems = issues.slice(0, MOST).flatMap((issue) => toProblems(issue, shown));
  const count = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
  const lines = problems.slice(0, MOST).map((problem) => `${problem.where}: ${problem.message}`);
  if (count > lines.length) lines.push(`and ${count - lines.length} more`);
  return new ZebuError('CONFIG_INVALID', lines.join('\n'), {
    hint: 'All keys: `zebu config:schema`, or docs/configuration.md.',
    details: { problems: problems.slice(0, MOST) },
  });
}
