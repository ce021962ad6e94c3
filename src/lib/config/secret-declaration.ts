import * as z from 'zod';
import { demand } from './demands.js';
import { ALPHABETS } from './secret-meaning.js';

const generate = z.strictObject({
  length: z.int().min(8).max(4096).default(32).describe('Characters of the value.'),
  alphabet: z
    .string()
    .default('alphanumeric')
    .refine(
      demand('alphabet'),
      `one of ${Object.keys(ALPHABETS).join(', ')}, or at least 10 different printable characters`,
    )
    .describe('`alphanumeric`, `hex`, `base64url`, or the characters themselves.'),
});

const serviceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a service of the Compose files');

const rotateCommand = z.strictObject({
  command: z
    .string()
    .min(1)
    .describe(
      'Shell command that makes the data follow, with ZEBU_OLD and ZEBU_NEW; run before anything is recreated, and the other way round when the new value is undone.',
    ),
  service: serviceName.optional().describe('Service whose container runs it. Default: the VM, in the checkout.'),
});

export const secretName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores');

export const secretDeclaration = z.strictObject({
  required: z
    .boolean()
    .default(true)
    .describe('Stop a deploy before anything changes when it has no value, or only a placeholder.'),
  generate: z
    .union([z.literal(true).transform(() => generate.parse({})), generate])
    .optional()
    .describe('Make a random value, once, when nothing has one.'),
  rotate: z
    .union([z.literal('never'), rotateCommand])
    .optional()
    .describe('`never`: refuse to change it; or how the data follows a new value.'),
  services: z.array(serviceName).optional().describe('Services that use it. Default: what the Compose files say.'),
});

export type SecretDeclaration = z.infer<typeof secretDeclaration>;
