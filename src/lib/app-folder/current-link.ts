import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';

const HOW: Readonly<Record<string, string>> = {
  missing: 'is not there',
  dangling: 'leads to a release that is not there',
  loop: 'leads back to itself',
  other: 'is no link',
};

/** What is wrong with the link, in words; null for nothing. @param link what the script set */
export function linkProblem(app: string, link: string | undefined): string | null {
  const how = HOW[link ?? ''];
  return how === undefined ? null : `the link to the live release, /opt/zebu/${app}/current, ${how}`;
}

/** Refuses what needs to know which release is live. @throws APP_MISSING */
export function checkLink(app: string, link: string | undefined): void {
  if (linkProblem(app, link) !== null) throw brokenLink(app, link);
}

/** Warns, for commands that can go on without knowing which release is live. */
export function warnOfLink({ config, io }: Context, link: string | undefined): void {
  const problem = linkProblem(config.app.name, link);
  if (problem !== null) io.warn(`It cannot be told which release is live: ${problem}. ${LINK_REMEDY}`);
}

/** @param link what the script set, if it told */
export function brokenLink(app: string, link?: string): ZebuError {
  const problem = linkProblem(app, link) ?? linkProblem(app, 'dangling') ?? '';
  return new ZebuError('APP_MISSING', `It cannot be told which release of ${app} is live: ${problem}`, {
    hint: LINK_REMEDY,
  });
}

export const LINK_REMEDY = 'Deploy what is to run: zebu app:deploy --tag <tag>. It makes the link anew.';
