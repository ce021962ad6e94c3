import {
  Sensitive,
  ZebuError,
  type ListedSecret,
  type SecretSource,
  type SecretSourceContext,
  type SecretSourceFactory,
} from '@zebu/kit';
import * as z from 'zod';
import { GitHubApi } from './api.js';
import { checkWritable, findPlace } from './place.js';

/** The variable a workflow fills with `${{ toJSON(secrets) }}`. */
const ALL = 'ZEBU_SECRETS';

const allSchema = z.record(z.string(), z.string());

const settingsSchema = z.strictObject({
  use: z.string(),
  repository: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, 'repository: owner/name')
    .optional(),
  environment: z.string().min(1).optional(),
});

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

const publicKey = z.object({ key_id: z.string(), key: z.string() });
const page = z.object({
  total_count: z.number(),
  secrets: z.array(z.object({ name: z.string(), updated_at: z.string().optional() })),
});

/** Sealed for the one key pair of the repository or environment; only GitHub can open it. */
async function seal(key: string, value: string): Promise<string> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const sealed = sodium.crypto_box_seal(
    sodium.from_string(value),
    sodium.from_base64(key, sodium.base64_variants.ORIGINAL),
  );
  return sodium.to_base64(sealed, sodium.base64_variants.ORIGINAL);
}

/**
 * Reads what GitHub Actions put into the environment, and writes the secrets of a repository or of one of its
 * environments. GitHub keeps names in upper case, and gives no value back.
 */
export const factory: SecretSourceFactory = {
  open: async (context: SecretSourceContext): Promise<SecretSource> => {
    const parsed = settingsSchema.safeParse(context.settings);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new ZebuError('CONFIG_INVALID', `secret_sources: github: ${issue?.message ?? 'invalid settings'}`);
    }
    const { environment } = parsed.data;
    const inActions = context.env('GITHUB_ACTIONS') === 'true' || context.env(ALL) !== undefined;
    const repository = await findPlace(context, parsed.data).then(
      (found) => ` ${found.repository}`,
      () => '',
    );
    const place = `GitHub${repository}${environment === undefined ? '' : ` (environment ${environment})`}`;
    let api: Promise<{ api: GitHubApi; path: string }> | undefined;
    const open = (): Promise<{ api: GitHubApi; path: string }> =>
      (api ??= findPlace(context, parsed.data).then(({ repository: name, path }) => ({
        api: new GitHubApi(context, name, environment),
        path,
      })));
    const list = async (): Promise<readonly ListedSecret[]> => {
      const { api: github, path } = await open();
      const all: ListedSecret[] = [];
      for (let number = 1; ; number++) {
        const { total_count: total, secrets } = page.parse(await github.get(`${path}?per_page=100&page=${number}`));
        for (const { name, updated_at: updatedAt } of secrets) {
          all.push({ name, ...(updatedAt === undefined ? {} : { updatedAt }) });
        }
        if (secrets.length === 0 || all.length >= total) return all;
      }
    };
    return {
      id: 'github',
      where: inActions ? 'GitHub Actions environment' : place,
      readable: false,
      read: async (names) => {
        const all = parseAll(context.env(ALL));
        const find = (name: string): string | undefined =>
          context.env(name) ?? all.get(name) ?? all.get(name.toUpperCase());
        return new Map(
          names.flatMap((name) => {
            const value = find(name);
            // An unset secret reaches a workflow as an empty string.
            return value === undefined || value === '' ? [] : [[name, new Sensitive(value)] as const];
          }),
        );
      },
      list,
      write: async (values) => {
        for (const [name, value] of values) checkWritable(name, value.reveal());
        const { api: github, path } = await open();
        const { key, key_id: keyId } = publicKey.parse(await github.get(`${path}/public-key`));
        for (const [name, value] of values) {
          context.signal.throwIfAborted();
          await github.put(`${path}/${name.toUpperCase()}`, {
            encrypted_value: await seal(key, value.reveal()),
            key_id: keyId,
          });
        }
      },
      remove: async (names) => {
        const { api: github, path } = await open();
        for (const name of names) await github.delete(`${path}/${name.toUpperCase()}`);
      },
    };
  },
};
