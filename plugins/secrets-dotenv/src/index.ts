import { isAbsolute, join } from 'node:path';
import {
  DotenvSyntaxError,
  dotenvReferences,
  editDotenv,
  interpolateDotenv,
  isPlaceholder,
  parseDotenv,
  Sensitive,
  ZebuError,
  type SecretSource,
  type SecretSourceContext,
  type SecretSourceFactory,
} from '@zebu/kit';
import { readSecretFile, replaceSecretFile } from './file.js';
import { guard, isTracked } from './guard.js';
import { usualSettings } from './usual-settings.js';

/** Runs `parse`, turning what is wrong with the text into one line that names file and line. */
function parsed<Result>(shown: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DotenvSyntaxError)) throw error;
    throw new ZebuError('CONFIG_INVALID', `${shown}:${error.line}: ${error.message}`, {
      hint: 'A line is NAME=value; quote values that hold blanks, # or line breaks.',
    });
  }
}

export const factory: SecretSourceFactory = {
  open: async (context: SecretSourceContext): Promise<SecretSource> => {
    const { file, interpolate } =
      usualSettings(context.settings) ?? (await import('./settings.js')).parseSettings(context.settings);
    const path = isAbsolute(file) ? file : join(context.root, file);
    /** Empty when there is no file: in CI the values come from elsewhere, and what is missing is said by name. */
    const text = async (): Promise<string> => (await readSecretFile(path, file)) ?? '';
    const values = async (): Promise<ReadonlyMap<string, string>> => {
      const content = await text();
      return parsed(file, () => (interpolate ? interpolateDotenv(content, context.env) : parseDotenv(content)));
    };
    const edit = async (changes: ReadonlyMap<string, string | undefined>): Promise<void> => {
      await guard(path, file);
      const before = await text();
      const after = parsed(file, () => editDotenv(before, changes));
      if (after !== before) await replaceSecretFile(path, after);
    };
    return {
      id: 'dotenv',
      where: file,
      read: async (names) => {
        const known = await values();
        const asked = names.flatMap((name) => {
          const value = known.get(name);
          return value === undefined ? [] : [[name, value] as const];
        });
        // Many projects commit theirs, with settings, and where secrets belong nothing or a placeholder.
        const open = asked.length > 0 && (await isTracked(path));
        const found = open ? asked.filter(([, value]) => value.trim() !== '' && !isPlaceholder(value)) : asked;
        if (found.length > 0) await guard(path, file);
        return new Map(found.map(([name, value]) => [name, new Sensitive(value)]));
      },
      settings: async () => {
        const content = await readSecretFile(path, file);
        if (content === undefined) return undefined;
        // Compose finds it in the commit.
        if (await isTracked(path)) return new Map();
        return parsed(file, () => {
          const refers = dotenvReferences(content);
          return new Map(
            [...interpolateDotenv(content, context.env)].map(([name, value]) => [
              name,
              { value, refersTo: refers.get(name) ?? [] },
            ]),
          );
        });
      },
      list: async () => {
        await guard(path, file);
        return [...(await values()).keys()].map((name) => ({ name }));
      },
      write: (written) => edit(new Map([...written].map(([name, value]) => [name, value.reveal()]))),
      remove: (names) => edit(new Map(names.map((name) => [name, undefined]))),
    };
  },
};
