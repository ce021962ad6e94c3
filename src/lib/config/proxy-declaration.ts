import * as z from 'zod';
import { demand } from './demands.js';
import { port, serviceName } from './scalars.js';
import { secretName } from './secret-declaration.js';

const route = z.strictObject({
  service: serviceName.describe('Service that answers.'),
  port: port.describe('Its port inside the container; it need not be published.'),
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9._~/-]*$/, 'must be a path such as /api')
    .default('/')
    .describe('Only requests below this path.'),
});

const files = z.strictObject({
  cert_file: z.string().min(1).describe('Certificate with its chain, PEM, the own one first.'),
  key_file: z.string().min(1).describe('Its private key, PEM, without a passphrase.'),
});

const dnsOption = z.union(
  [
    z.string().regex(/^[^\s"'`\\{}$]+$/),
    z.strictObject({ secret: secretName.describe('Declared secret that holds the value.') }),
  ],
  'a word without blanks, quotes, braces and $, or {secret: NAME}',
);

const dns = z
  .strictObject({
    dns: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'the name of a module, as cloudflare of dns.providers.cloudflare')
      .describe('Module of Caddy that writes into the DNS, `cloudflare`; `app.proxy.image` has to have it.'),
    secret: secretName.optional().describe('Declared secret with the one value the module takes, mostly a token.'),
    options: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/, 'a name of letters, digits and underscores'), dnsOption)
      .refine(demand('notEmpty'), 'at least one')
      .optional()
      .describe(
        'In place of `secret`, for modules that take several: `{region: eu-central-1, token: {secret: NAME}}`.',
      ),
    resolvers: z
      .array(
        z
          .string()
          .regex(/^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?$/, 'an address such as 1.1.1.1 or 192.0.2.1:53'),
      )
      .min(1)
      .optional()
      .describe('DNS servers that are asked whether it is written, where those of the VM see other names.'),
  })
  .refine(demand('exactlyOne', 'secret', 'options'), 'give exactly one of `secret` and `options`');

const words = z.enum(['auto', 'internal', 'off']);

/** What is wrong with the one of the forms that was meant. */
function meantForm(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const form = 'dns' in input ? dns : 'cert_file' in input || 'key_file' in input ? files : undefined;
  const issue = form?.safeParse(input).error?.issues[0];
  if (issue === undefined) return undefined;
  if (issue.code === 'unrecognized_keys') return `unknown key \`${issue.keys.join('`, `')}\``;
  const key = issue.path.map(String).join('.');
  if (issue.code === 'invalid_type' && issue.path.length === 1 && !(key in input)) return `\`${key}\` is missing`;
  return key === '' ? issue.message : `\`${key}\`: ${issue.message}`;
}

const tls = z.union([words, files, dns], {
  error: ({ input }) =>
    meantForm(input) ?? '`auto`, `internal`, `off`, {cert_file: FILE, key_file: FILE}, or {dns: MODULE, secret: NAME}',
});

export const proxyDeclaration = z
  .strictObject({
    routes: z.array(route).min(1).describe('Which service answers what; the longest path wins.'),
    domains: z
      .array(
        z
          .string()
          .regex(/^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be a domain name'),
      )
      .default([])
      .describe('Names the app answers to. Without one it answers to any, without TLS.'),
    tls: tls
      .default('auto')
      .describe(
        '`auto`: certificates by ACME for `domains`, over port 80 or 443; `internal`: from an authority of its own; `{cert_file: FILE, key_file: FILE}`: one you have; `{dns: MODULE, secret: NAME}`: by ACME over the DNS, where those ports are closed, and for wildcards.',
      ),
    acme: z
      .strictObject({
        directory: z
          .url({ protocol: /^https$/ })
          .regex(/^[^\s"'`\\{}$]+$/)
          .optional()
          .describe('Directory of another authority than Caddy’s own choice, such as a private or a staging one.'),
        ca_file: z
          .string()
          .min(1)
          .optional()
          .describe('What signed the certificate of that directory, PEM, where it is private.'),
      })
      .refine(demand('needs', 'ca_file', 'directory'), '`ca_file` needs `directory`')
      .prefault({})
      .describe('Who issues the certificates.'),
    email: z.email().optional().describe('Address for the certificate authority.'),
    image: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/, 'must be an image')
      .default('caddy:2')
      .describe('Image with the program `caddy`; pin it by digest to decide yourself when it changes.'),
    http_port: port.default(80).describe('Port on the VM.'),
    https_port: port.default(443).describe('Port on the VM, with `domains`.'),
    hold: z
      .number()
      .min(0)
      .max(600)
      .default(30)
      .describe('Seconds a request waits for a service that is not there at the moment, as while it is recreated.'),
  })
  .refine(demand('differentPaths'), 'two routes have the same path');

export type ProxyDeclaration = z.infer<typeof proxyDeclaration>;
export type DnsChallenge = z.infer<typeof dns>;
