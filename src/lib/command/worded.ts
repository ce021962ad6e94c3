import { ZebuError } from '@zebu/kit';

/** Parses an argument that is one word of a kind, before anything is asked or connected. @throws USAGE */
export function worded(pattern: RegExp, what: string): (text: string) => Promise<string> {
  return async (text) => {
    if (text.length <= 200 && pattern.test(text)) return text;
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new ZebuError('USAGE', `\`${shown}\` is not ${what}`, { hint: 'See the command with --help.' });
  };
}

export const secretNameArg = worded(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'the name of a secret: letters, digits and underscores',
);
