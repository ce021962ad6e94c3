import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadConfig, type LoadRequest } from '../config/load.js';
import { readCompose } from '../init/compose.js';
import type { Candidate, Wanted } from './candidates.js';

/** A shell waits for this while the user types: what does not answer in time is left out. */
const LIMIT_MS = 2500;

function lines(file: string, args: readonly string[]): Promise<readonly string[]> {
  return new Promise((done) => {
    execFile(file, args, { timeout: LIMIT_MS, maxBuffer: 4 << 20 }, (error, stdout) =>
      done(error === null ? stdout.split('\n').filter((line) => line !== '') : []),
    );
  });
}

const FORMAT = '--format=%(refname:short)%09%(contents:subject)';

function split(line: string): Candidate {
  const [word = '', about = ''] = line.split('\t');
  return { word, about };
}

async function services(installed: LoadRequest['installed']): Promise<readonly Candidate[]> {
  const { config, root } = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    settings: [],
    installed,
    warn: () => {},
  });
  const texts = await Promise.all(
    config.app.compose.map(async (name) => ({
      name,
      text: await readFile(resolve(root, name), 'utf8').catch(() => ''),
    })),
  );
  return readCompose(texts).services.map(({ name, ports }) => ({ word: name, about: ports.join(' ') }));
}

/** zebu asks itself: the VM is the only one who knows, and it may be out of reach. */
async function releases(zebu: string): Promise<readonly Candidate[]> {
  const [answer = ''] = await lines(process.execPath, [zebu, 'app:releases', '--json']);
  const { result } = JSON.parse(answer) as { result?: { releases: { id: string; ref: string; kept: boolean }[] } };
  return (result?.releases ?? []).filter(({ kept }) => kept).map(({ id, ref }) => ({ word: id, about: ref }));
}

/**
 * Values of one kind, newest or nearest first; nothing when they cannot be had quickly.
 * @param zebu path of the script that starts zebu
 * @param installed what plugins have in zebu.yml
 */
export async function projectValues(
  wanted: Wanted,
  zebu: string,
  installed?: LoadRequest['installed'],
): Promise<readonly Candidate[]> {
  try {
    switch (wanted) {
      case 'tags':
        return (await lines('git', ['tag', '--sort=-creatordate', FORMAT])).map(split);
      case 'branches':
        return (await lines('git', ['branch', '--sort=-committerdate', FORMAT])).map(split);
      case 'services':
        return await services(installed);
      case 'releases':
        return await releases(zebu);
      case 'files':
        return [];
    }
  } catch {
    // Completion is a courtesy; the command itself will say what is wrong.
    return [];
  }
}
