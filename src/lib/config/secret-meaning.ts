import type { SecretDeclaration } from './secret-declaration.js';

/** Characters a generated value is made of, by name; anything else in `alphabet` is taken as the characters themselves. */
export const ALPHABETS = {
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  hex: '0123456789abcdef',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
} as const;

/** The data in volumes was made with it, so another release does not bring another value. */
export function isBound(declaration: SecretDeclaration | undefined): boolean {
  return declaration?.rotate !== undefined;
}
