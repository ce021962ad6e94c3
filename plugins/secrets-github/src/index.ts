import { Sensitive, ZebuError, type SecretSource, type SecretSourceContext, type SecretSourceFactory } from '@zebu/kit';
import * as z from 'zod';

/** The variable a workflow fills with `${{ toJSON(secrets) }}`. */
const ALL = 'ZEBU_SECRETS';

const allSchema = z.record(z.string(), z.string());

function parseAll(text: string | undefined): ReadonlyMap<string, string> {
  if (text === undefined) return new Map();
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  const parsed = allSchema.safeParse(data);
  if (!parsed.success) {
    throw new ZebuError('CONFIG_INVALID', `${ALL} is not a JSON object of names and values`, {
      hint: `In the workflow: env: { ${ALL}: "\${{ toJSON(secrets) }}" }`,
    });
  }
  return new Map(Object.entries(parsed.data));
}

/**
 * Reads what GitHub Actions put into the environment. GitHub keeps names in upper case, and its secrets cannot be read
 * back from anywhere else.
 */
export const factory: SecretSourceFactory = {
  open: async (context: SecretSourceContext): Promise<SecretSource> => {
    const all = parseAll(context.env(ALL));
    const find = (name: string): string | undefined =>
      context.env(name) ?? all.get(name) ?? all.get(name.toUpperCase());
    return {
      id: 'github',
      where: 'GitHub Actions environment',
      read: async (names) =>
        new Map(
          names.flatMap((name) => {
            const value = find(name);
            // An unset secret reaches a workflow as an empty string.
            return value === undefined || value === '' ? [] : [[name, new Sensitive(value)] as const];
          }),
        ),
    };
  },
};
