import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import type { SecretDeclaration } from '../config/secret-declaration.js';
import type { Context } from '../context/context.js';

/** The declarations of the named secrets. @throws SECRET_UNKNOWN for one that zebu.yml does not declare */
export function declarationsOf(context: Context, names: readonly string[]): ReadonlyMap<string, SecretDeclaration> {
  const declared: Readonly<Record<string, SecretDeclaration>> = context.config.secrets;
  const known = Object.keys(declared);
  return new Map(
    names.map((name) => {
      const declaration = declared[name];
      if (declaration !== undefined) return [name, declaration];
      const meant = nearest(name, known);
      throw new ZebuError(
        'SECRET_UNKNOWN',
        `${name} is not declared in zebu.yml; there is ${known.join(', ') || 'none'}`,
        {
          hint: meant === undefined ? `Declare it: secrets: { ${name}: {} }` : `Did you mean ${meant}?`,
          details: { name, declared: known },
        },
      );
    }),
  );
}
