import { ZebuError } from '@zebu/kit';
import { serviceArgs } from './worded.js';

export interface InService {
  readonly service: string;
  readonly command: readonly string[];
}

/** The words of `app:exec SERVICE [-- COMMAND...]`. @throws USAGE */
export async function inServiceArgs(id: string, words: readonly string[]): Promise<InService> {
  const [service, ...command] = words;
  if (service === undefined)
    throw new ZebuError('USAGE', `${id} needs a service`, { hint: `As in: zebu ${id} web -- COMMAND` });
  // A flag before the service was meant for zebu; what follows the service belongs to the command in the container.
  await serviceArgs([service]);
  return { service, command };
}
