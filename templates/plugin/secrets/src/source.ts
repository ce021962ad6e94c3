import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Sensitive, ZebuError, type SecretSourceFactory } from '@zebu/kit';

/** To begin with: values from a JSON file, `secret_sources: [{use: __name__, file: secrets.json}]`. */
export const factory: SecretSourceFactory = {
  open: async ({ settings, root }) => {
    const file = settings['file'];
    if (typeof file !== 'string') {
      throw new ZebuError('CONFIG_INVALID', 'secret_sources: `__name__` needs a `file`', {
        hint: 'As in {use: __name__, file: secrets.json}',
      });
    }
    return {
      id: '__name__',
      where: file,
      read: async (names) => {
        let stored: unknown;
        try {
          stored = JSON.parse(await readFile(resolve(root, file), 'utf8'));
        } catch {
          // The parser's message would quote the file.
          throw new ZebuError('CONFIG_INVALID', `${file}: cannot be read as JSON`);
        }
        const values = new Map(Object.entries(stored as Record<string, unknown>));
        return new Map(
          names.flatMap((name) => {
            const value = values.get(name);
            return typeof value === 'string' ? [[name, new Sensitive(value)] as const] : [];
          }),
        );
      },
    };
  },
};
