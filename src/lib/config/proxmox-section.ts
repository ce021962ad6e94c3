import type { TransportDeclaration, TransportKey } from '@zebu/kit';
import * as z from 'zod';
import { port, seconds } from './scalars.js';
import { declaredKeys, hostDescription, portDescription, transportDescription } from './transport-keys.js';

function checkOf(rules: TransportKey): z.ZodType {
  switch (rules.type) {
    case 'string': {
      const { minLength, pattern, expected } = rules;
      const text = minLength === undefined ? z.string() : z.string().min(minLength);
      return pattern === undefined ? text : text.regex(new RegExp(pattern), expected);
    }
    case 'number': {
      const { integer, minimum, maximum } = rules;
      let number: z.ZodNumber = integer === true ? z.int() : z.number();
      if (minimum !== undefined) number = number.min(minimum);
      if (maximum !== undefined) number = number.max(maximum);
      return number;
    }
    case 'boolean':
      return z.boolean();
    case 'array':
      return z.array(z.string());
  }
}

/** The section `proxmox`: how the host is reached. @param chosen the transport that is used, where that is known */
export function proxmoxSection(transports: readonly TransportDeclaration[], chosen?: string) {
  const ofTransports = Object.fromEntries(
    declaredKeys(transports, chosen).map(({ name, rules, description }) => {
      const check = checkOf(rules);
      return [
        name,
        (rules.default === undefined ? check.optional() : check.default(rules.default)).describe(description),
      ];
    }),
  );
  return z.strictObject({
    transport: z
      .string()
      .default(transports[0]?.id ?? '')
      .describe(transportDescription(transports)),
    host: z.string().min(1).optional().describe(hostDescription(transports)),
    port: port.optional().describe(portDescription(transports)),
    node: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Node a new VM goes to. Default: the only one, or the one online with most free memory. An existing VM is found wherever it is.',
      ),
    // Whose keys these are reads them; zebu itself knows none by name.
    ...(ofTransports as Readonly<Record<never, never>>),
    timeout: seconds.default(30).describe('Seconds for one request to Proxmox, however often it has to be asked.'),
    options: z.record(z.string(), z.unknown()).default({}).describe('What only the transport of a plugin knows.'),
    task_timeout: seconds.default(900).describe('Seconds for one Proxmox task, such as importing a disk.'),
  });
}

/** Names in the section that are zebu's own, which no transport can declare. */
export const ownNames = (): readonly string[] => Object.keys(proxmoxSection([]).shape);
