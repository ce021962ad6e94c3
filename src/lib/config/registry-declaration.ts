import * as z from 'zod';
import { demand } from './demands.js';
import { secretName } from './secret-declaration.js';

const registryDeclaration = z
  .strictObject({
    host: z
      .string()
      .regex(
        /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/,
        'as images are named, without https:// and without a path: ghcr.io, docker.io, registry.example.org:5000',
      )
      .describe('Registry as images are named, `ghcr.io` or `registry.example.org:5000`; `docker.io` is Docker Hub.'),
    user: z
      .string()
      .regex(/^[^\s:]+$/, 'a name without blanks and colons')
      .describe('Name the token belongs to.'),
    secret: secretName.optional().describe('Declared secret that holds the token.'),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Program and arguments that print a token, run on this machine at each deploy: for those that expire.'),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe('Certificate authority of the registry, PEM, where it is a private one.'),
  })
  .refine(demand('exactlyOne', 'secret', 'command'), 'give exactly one of `secret` and `command`');

export type RegistryDeclaration = z.infer<typeof registryDeclaration>;

export const registryDeclarations = z.array(registryDeclaration).max(50);
