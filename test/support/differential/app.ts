import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

/** What a path of the repository holds: text, a program, or where a link leads. */
type Entry = string | { readonly program: string } | { readonly link: string };
/** A service, or whatever else a Compose file has a mapping for. */
export type Members = Record<string, unknown>;

/** A repository and what lies beside it, as rows change it. */
export interface App {
  compose: Members;
  files: Record<string, Entry>;
  /** `.env`, which is not committed. */
  env: Record<string, string>;
}

export const copyOf = (app: App): App => structuredClone(app);

/** Writes all of it over what a folder has, but for what is git's and zebu's own. */
export function writeApp(folder: string, app: App): void {
  for (const name of readdirSync(folder))
    if (name !== '.git' && name !== 'zebu.yml') rmSync(join(folder, name), { recursive: true, force: true });
  const files: Record<string, Entry> = {
    'compose.yml': stringify(app.compose, { aliasDuplicateObjects: false }),
    ...app.files,
  };
  for (const [path, entry] of Object.entries(files)) {
    // A file that has become a folder.
    if (Object.keys(files).some((other) => other.startsWith(`${path}/`))) continue;
    const at = join(folder, path);
    mkdirSync(dirname(at), { recursive: true });
    if (typeof entry === 'string') writeFileSync(at, entry);
    else if ('link' in entry) symlinkSync(entry.link, at);
    else {
      writeFileSync(at, entry.program);
      chmodSync(at, 0o755);
    }
  }
  if (app.files['.env'] === undefined) {
    writeFileSync(join(folder, '.gitignore'), '.env\n');
    writeFileSync(join(folder, '.env'), dotenv(app), { mode: 0o600 });
  }
}

export const dotenv = (app: App): string =>
  Object.entries(app.env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
