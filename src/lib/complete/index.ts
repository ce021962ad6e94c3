import type { Config as OclifConfig } from '@oclif/core';
import { installedTransports } from '../providers/installed.js';
import { complete, startingWith, type Candidate } from './candidates.js';

/**
 * Candidates for the words typed so far.
 * @param zebu path of the script that starts zebu
 */
export async function candidates(
  words: readonly string[],
  config: Pick<OclifConfig, 'commands' | 'findCommand' | 'plugins' | 'runHook'>,
  zebu: string,
): Promise<readonly Candidate[]> {
  const { candidates: known, wanted } = complete(words, config.commands, ({ id }) => config.findCommand(id));
  if (wanted === undefined) return known;
  const { projectValues } = await import('./project-values.js');
  const current = (words.at(-1) ?? '').replace(/^--[^=]+=/, '');
  return startingWith(current, await projectValues(wanted, zebu, () => installedTransports(config)));
}

/** The lines a shell reads. A tab or newline in a commit's subject would be taken for one of ours. */
export const shown = (found: readonly Candidate[]): string =>
  found.map(({ word, about }) => `${word}\t${about.replaceAll(/\s+/g, ' ')}\n`).join('');
