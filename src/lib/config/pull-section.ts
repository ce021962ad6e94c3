import * as z from 'zod';
import { demand } from './demands.js';
import { secretName } from './secret-declaration.js';

export const pullSection = z
  .strictObject({
    repository: z
      .string()
      .min(1)
      .regex(/^[^\s'"\\]+$/, 'an address without blanks and quotes')
      .optional()
      .describe(
        'Where the VM fetches from, as it reaches it: `git@github.com:me/shop.git`, `ssh://git@host:2222/shop.git` or `https://…`. Default: the remote `origin`.',
      ),
    tags: z
      .string()
      .regex(/^[A-Za-z0-9._/+*?[\]-]+$/, 'a pattern such as v*')
      .optional()
      .describe(
        'Tags that are releases, as a pattern; the highest version wins. Default: `v*` where there is no `branch`.',
      ),
    branch: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/, 'the name of a branch')
      .optional()
      .describe('Instead of tags: whatever this branch ends with, if its commit is signed.'),
    every: z.int().min(5).max(86_400).default(60).describe('Seconds between two looks at the repository.'),
    signed_by: z
      .union([z.literal('none'), z.array(z.string().min(1)).min(1)])
      .describe(
        'Who may release: public keys, SSH (a line, or a file such as ~/.ssh/id_ed25519.pub) or OpenPGP (an armored file). `none`: whoever can push.',
      ),
    secret: secretName
      .optional()
      .describe('Declared secret with a token, for a repository on https that wants a login.'),
    user: z
      .string()
      .regex(/^[^\s:]+$/, 'a name without blanks and colons')
      .default('git')
      .describe('Name that goes with the token; most servers take any.'),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe('Certificate authority of the git server, PEM, where it is a private one.'),
  })
  .refine(demand('notBoth', 'tags', 'branch'), 'give one of `tags` and `branch`');

export type PullSection = z.infer<typeof pullSection>;
