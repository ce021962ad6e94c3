import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Sensitive, ZebuError, type SecretSource, type SecretSourceContext, type SecretSourceFactory } from '@zebu/kit';
import * as z from 'zod';
import { DotenvSyntaxError, parseDotenv } from './parse.js';

const settingsSchema = z.strictObject({ use: z.string(), file: z.string().min(1).default('.env') });

async function readValues(path: string, shown: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Not every environment has the file: in CI the values come from elsewhere, and what is missing is said by name.
    if (code === 'ENOENT') return new Map();
    throw new ZebuError('CONFIG_INVALID', `${shown} cannot be read (${code ?? 'error'})`, { cause: error });
  }
  try {
    return parseDotenv(text);
  } catch (error) {
    if (!(error instanceof DotenvSyntaxError)) throw error;
    throw new ZebuError('CONFIG_INVALID', `${shown}:${error.line}: ${error.message}`, {
      hint: 'A line is NAME=value; quote values that hold blanks, # or line breaks.',
    });
  }
}

export const factory: SecretSourceFactory = {
  open: async (context: SecretSourceContext): Promise<SecretSource> => {
    const settings = settingsSchema.safeParse(context.settings);
    if (!settings.success) {
      const [issue] = settings.error.issues;
      throw new ZebuError('CONFIG_INVALID', `secret_sources: dotenv: ${issue?.message ?? 'invalid settings'}`);
    }
    const { file } = settings.data;
    const path = isAbsolute(file) ? file : join(context.root, file);
    return {
      id: 'dotenv',
      where: file,
      read: async (names) => {
        const values = await readValues(path, file);
        return new Map(
          names.flatMap((name) => {
            const value = values.get(name);
            return value === undefined ? [] : [[name, new Sensitive(value)] as const];
          }),
        );
      },
    };
  },
};
