import { ZebuError } from '@zebu/kit';
import { isAppName } from '../../config/schema.js';
import type { Asker } from '../../ui/ask.js';
import { parseDestination, readStacks, type Destination, type StackHost } from './read.js';
import { pickStack, repositoryFiles } from './stacks.js';
import type { RunningStack } from '../results.js';

export interface ImportRequest extends StackHost {
  /** Name of the project; undefined: the only one, or the one that is chosen. */
  readonly stack: string | undefined;
  readonly questions: Asker<'stack'>;
}

/** A stack that runs, as what zebu.yml needs to know of it. */
export interface ImportedStack {
  readonly from: Destination;
  readonly identityFile: string | undefined;
  readonly stack: RunningStack;
  /** Names of its files in the repository. */
  readonly compose: readonly string[];
}

const names = (stacks: readonly RunningStack[]): string => stacks.map(({ project }) => project).join(', ');

async function choose(stacks: readonly RunningStack[], request: ImportRequest): Promise<RunningStack> {
  const { destination, questions, stack: wanted } = request;
  if (stacks.length === 0)
    throw new ZebuError('APP_MISSING', `There is no Compose stack on ${destination}`, {
      hint: 'Without --from-host zebu init reads the Compose files of this folder.',
    });
  const found = pickStack(stacks, wanted);
  if (found !== undefined) return found;
  if (wanted !== undefined)
    throw new ZebuError('USAGE', `There is no stack ${wanted} on ${destination}; there is ${names(stacks)}`);
  const answer = await questions.ask('stack', {
    message: `Stack to import (${names(stacks)})`,
    initial: stacks[0]?.project ?? '',
    unanswered: { code: 'USAGE', message: `There are several stacks on ${destination}: ${names(stacks)}` },
  });
  return choose(stacks, { ...request, stack: answer });
}

/** @throws USAGE when it is not clear which stack is meant, CONFIG_INVALID for one that cannot be an app */
export async function importStack(request: ImportRequest): Promise<ImportedStack> {
  const from = await parseDestination(request.destination);
  const stack = await choose(await readStacks(request), request);
  // The volumes are called after the project: under any other name the app would begin with empty ones.
  if (!isAppName(stack.project))
    throw new ZebuError('CONFIG_INVALID', `The stack ${stack.project} cannot be an app: its name is no host name`, {
      hint: 'Bring it up under another name first (docker compose -p NAME), with volumes of that name.',
    });
  return { from, identityFile: request.identityFile, stack, compose: repositoryFiles(stack) };
}

/** What is left to do before the first deploy takes the stack over. @param missing files of `compose` that are not here */
export function importSteps({ from, stack, compose }: ImportedStack, missing: readonly string[]): string[] {
  const there = new Map(compose.map((name, index) => [name, stack.files[index] ?? name]));
  return [
    ...missing.map((name) => `Put ${name} here and commit it; on ${from.host} it is ${there.get(name) ?? name}`),
    `Give the VM the tag zebu-app-${stack.project} in Proxmox, unless zebu made it for this app`,
  ];
}
