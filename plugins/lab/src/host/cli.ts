import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { ask, Died, type Host } from './program.js';
import { pvesh } from './pvesh.js';
import { pvesm } from './pvesm.js';
import { pveum } from './pveum.js';
import { qm } from './qm.js';
import type { ProgramSettings } from './settings.js';
import { started } from './start.js';

/** What the scripts on the host's PATH run: `cli.js PROGRAM SOCKET ARGS…`. Only built-ins, so that it starts quickly. */

async function pveversion(host: Host): Promise<number> {
  const { version, repoid } = (await ask(host, 'GET', '/version')) as { version: string; repoid: string };
  host.io.out(`pve-manager/${version}/${repoid} (running kernel: ${release()})\n`);
  return 0;
}

type Program = (host: Host, words: readonly string[]) => Promise<number>;

const PROGRAMS: Readonly<Record<string, Program>> = { pvesh, pvesm, pveum, pveversion, qm };

const [name = '', socket = '', ...words] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(join(import.meta.dirname, 'settings.json'), 'utf8')) as ProgramSettings;
const host: Host = {
  socket,
  node: hostname().split('.')[0] ?? '',
  io: { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) },
  settings,
};
try {
  await started(settings.startMs);
  process.exitCode = (await PROGRAMS[name]?.(host, words)) ?? 255;
} catch (error) {
  // A method that fails prints its error, and nothing else.
  host.io.err(`${(error as Error).message}\n`);
  process.exitCode = error instanceof Died ? 2 : 255;
}
