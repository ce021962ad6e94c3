import type { SecretDeclaration } from './secret-declaration.js';

/** Characters a generated value is made of, by name; anything else in `alphabet` is taken as the characters themselves. */
export const ALPHABETS = {
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  hex: '0123456789abcdef',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
} as const;

/** What decides it: the secrets of zebu.yml, and which of them copies off the VM are encrypted with. */
export interface Declared {
  readonly secrets: Readonly<Record<string, SecretDeclaration>>;
  readonly data?: { readonly offsite?: { readonly password: string } | undefined } | undefined;
}

/** Whether dumps off the VM are encrypted with it: zebu rotates it by itself, as a further key of the repository. */
const isOffsitePassword = ({ data }: Declared, name: string): boolean => data?.offsite?.password === name;

/** The data in volumes, or copies of it, were made with it, so another release does not bring another value. */
export const isBound = (declared: Declared, name: string): boolean =>
  declared.secrets[name]?.rotate !== undefined || isOffsitePassword(declared, name);
