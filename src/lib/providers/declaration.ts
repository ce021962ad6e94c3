import type { TransportAtInit, TransportDeclaration, TransportInCi, TransportKey } from '@zebu/kit';
import * as z from 'zod';
import { builtTransports } from '../config/built-transports.js';
import { ownNames } from '../config/proxmox-section.js';

/** What somebody else's descriptor may say of zebu.yml, CI and `zebu init`, as it comes: it was written against no schema. */

const line = z.string().regex(/^\S.*$/, 'one line of text');
const word = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores');
const about = {
  description: line,
  tells: z.enum(['destination', 'fingerprint', 'host', 'user']).optional(),
  credential: z.enum(['file', 'variable']).optional(),
};
const pattern = z.string().refine((source) => {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}, 'not a regular expression');

const key = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('string'),
    ...about,
    default: z.string().optional(),
    minLength: z.int().min(0).optional(),
    pattern: pattern.optional(),
    expected: line.optional(),
  }),
  z.strictObject({
    type: z.literal('number'),
    ...about,
    default: z.number().optional(),
    integer: z.boolean().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('boolean'), ...about, default: z.boolean().optional() }),
  z.strictObject({ type: z.literal('array'), ...about, default: z.array(z.string()).optional() }),
]);

const own = ownNames();
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'a key has lower-case letters, digits and underscores')
  .refine((each) => !own.includes(each), 'this key is zebu’s own');

/** As zod has it, where what is left out may be undefined as well. */
type Loose<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { [Name in keyof T]: Loose<T[Name]> | (undefined extends T[Name] ? undefined : never) }
    : T;

type Declared = Omit<TransportDeclaration, 'id'> & { readonly ci?: TransportInCi; readonly init?: TransportAtInit };

/** What it lets through is what the contract says. */
const declaration: z.ZodType<Loose<Declared>> = z.looseObject({
  keys: z.record(name, key).optional(),
  host: z.strictObject({ or: line }).optional(),
  port: z.strictObject({ default: z.int().min(1).max(65_535), or: line.optional() }).optional(),
  ci: z
    .strictObject({
      files: z
        .array(
          z.strictObject({ secret: word, file: z.string().regex(/^[A-Za-z0-9._-]+$/, 'a plain file name'), key: name }),
        )
        .optional(),
      variables: z.array(word).optional(),
    })
    .optional(),
  init: z
    .strictObject({
      needs: line.optional(),
      variables: z.array(word).optional(),
      later: z.array(z.strictObject({ key: name, example: line, where: line })).optional(),
      hosts: z.custom<NonNullable<TransportAtInit['hosts']>>((value) => typeof value === 'function').optional(),
    })
    .optional(),
});

const typeOf = (
  declared: readonly TransportDeclaration[],
  wanted: string,
): [string, TransportKey['type']] | undefined => {
  for (const { id, keys = {} } of declared) {
    const found = keys[wanted];
    if (found !== undefined) return [id, found.type];
  }
  return undefined;
};

/**
 * Why a transport cannot be used for what it declares; undefined when it can.
 * @param others transports that were there before, beside zebu's own
 */
export function declarationProblem(
  descriptor: TransportDeclaration,
  others: readonly TransportDeclaration[],
): string | undefined {
  const { error } = declaration.safeParse(descriptor);
  const [issue] = error?.issues ?? [];
  if (issue !== undefined) {
    const said = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return `what it declares is not as the contract has it: ${issue.path.join('.')}: ${said}`;
  }
  for (const [each, { type }] of Object.entries(descriptor.keys ?? {})) {
    const known = typeOf([...builtTransports, ...others], each);
    if (known !== undefined && known[1] !== type)
      return `it declares \`proxmox.${each}\` as ${type}, which is ${known[1]} for the transport ${known[0]}`;
  }
  return undefined;
}
