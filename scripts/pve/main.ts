/**
 * `npm run test:pve [-- --yes] [--only ssh:cloud-image,…] [--report FOLDER] [--lab 8.4|9.2]`. Ends with a line
 * `N passed, N failed`. Exit status: 0; 1 when a step failed; 2 when it was called wrongly or the node refused.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { isZebuError } from '@zebu/kit';
import { acceptance, failures, Refused, type Outcome } from './acceptance.js';
import { withLab } from './in-lab.js';
import { writeReport } from './report.js';
import { targetOf, type Target } from './target.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

function versions(): Record<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  return { zebu: `${version} (${stdout.trim() || 'no commit'})`, Node: process.version };
}

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      yes: { type: 'boolean', default: false },
      only: { type: 'string' },
      report: { type: 'string' },
      lab: { type: 'string' },
    },
  });
  const stop = new AbortController();
  let interrupts = 0;
  process.on('SIGINT', () => {
    interrupts++;
    if (interrupts > 1) process.exit(130);
    console.error('Interrupted: what was made is being removed. Once more ends at once and leaves it.');
    stop.abort(new Error('interrupted'));
  });
  const go = async (target: Target): Promise<Outcome> => {
    const outcome = await acceptance({
      target,
      root,
      only: values.only?.split(','),
      anyway: values.yes,
      signal: stop.signal,
      say: (line) => console.log(line),
    });
    const day = new Date().toISOString().slice(0, 16).replace(/[-:]/g, '');
    const folder = resolve(values.report ?? `zebu-acceptance-${day}`);
    const hosts = Object.values(target.proxmox).flatMap(({ host }) => (typeof host === 'string' ? [host] : []));
    writeReport(folder, { outcome, versions: versions(), hosts, root });
    console.log(`The report is in ${folder}`);
    return outcome;
  };
  const outcome = values.lab === undefined ? await go(targetOf(process.env)) : await withLab(values.lab, root, go);
  const failed = failures(outcome);
  const passed = outcome.lives.flatMap(({ steps }) => steps).filter(({ ok }) => ok).length;
  if (outcome.left !== undefined) console.error(`Not cleaned up: ${outcome.left}`);
  console.log(`${passed} passed, ${failed} failed`);
  return stop.signal.aborted ? 130 : failed > 0 || passed === 0 ? 1 : 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  const known =
    isZebuError(error) ||
    error instanceof Refused ||
    (error as { code?: string }).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
  if (!known) throw error;
  console.error(`Error: ${(error as Error).message}`);
  if (isZebuError(error) && error.hint !== undefined) console.error(`  -> ${error.hint}`);
  process.exitCode = 2;
}
