import { ZebuError } from '@zebu/kit';

export interface InService {
  readonly service: string;
  readonly command: readonly string[];
}

/** The words of `app:exec SERVICE [-- COMMAND...]`. @throws USAGE */
export function inServiceArgs(id: string, words: readonly string[]): InService {
  const [service, ...command] = words;
  if (service === undefined)
    throw new ZebuError('USAGE', `${id} needs a service`, { hint: `As in: zebu ${id} web -- COMMAND` });
  // With `strict` off oclif hands unknown flags through; one in front of the service was meant for us.
  if (service.startsWith('-'))
    throw new ZebuError('USAGE', `Nonexistent flag: ${service}`, { hint: 'See the command with --help.' });
  return { service, command };
}
