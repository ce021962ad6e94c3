import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs something that runs npm, and hands over what npm wrote down of its own failure: oclif tells only that there was
 * one.
 * @param settings further variables for npm
 * @param failed makes the error that is thrown instead; gets the lines at level `error`
 */
export async function withNpmLog<Result>(
  run: () => Promise<Result>,
  failed: (thrown: unknown, errors: readonly string[]) => Error,
  settings: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'zebu-npm-'));
  const restore = setVariables({
    npm_config_logs_dir: folder,
    npm_config_update_notifier: 'false',
    CI: 'true',
    ...settings,
  });
  try {
    return await run();
  } catch (error) {
    throw failed(error, await errorLines(folder));
  } finally {
    restore();
    await rm(folder, { recursive: true, force: true });
  }
}

/** For this process and what it starts. @returns what puts back the values that there were */
function setVariables(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

async function errorLines(folder: string): Promise<readonly string[]> {
  const logs = await readdir(folder).catch(() => []);
  const texts = await Promise.all(logs.toSorted().map((name) => readFile(join(folder, name), 'utf8')));
  return texts
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => /^\d+ error (.*)$/.exec(line)?.[1] ?? [])
    .filter((line) => line.trim() !== '' && !line.startsWith('A complete log of this run'));
}
