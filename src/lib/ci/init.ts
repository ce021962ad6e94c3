import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { GitProgram } from '../repository/git-program.js';
import { accessSecrets, renderWorkflow } from './workflow.js';
import type { CiInitialized } from './results.js';

const WORKFLOW = '.github/workflows/deploy.yml';

/** Top of the repository; the folder itself where there is none yet. */
function topOf(folder: string): string {
  const { status, stdout } = spawnSync('git', ['-C', folder, 'rev-parse', '--show-toplevel'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : folder;
}

/** Writes the workflow. @throws USAGE when there is one and `force` is not given */
export async function ciInit(
  context: Context,
  options: { environment: string; runner: string; force: boolean; zebuVersion: string },
): Promise<CiInitialized> {
  const { config, root } = context;
  const top = topOf(root);
  const path = join(top, WORKFLOW);
  if (existsSync(path) && !options.force) {
    throw new ZebuError('USAGE', `${WORKFLOW} is there already`, { hint: 'Give --force to write a new one over it.' });
  }
  const text = renderWorkflow({
    ...options,
    config,
    folder: relative(top, root).replaceAll('\\', '/'),
    submodules: existsSync(join(top, '.gitmodules')),
    lfs: await new GitProgram(top, context.signal).usesLfs(),
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return {
    file: WORKFLOW,
    secrets: [...accessSecrets(config.proxmox.transport), ...Object.keys(config.secrets)],
    variables: ['PROXMOX_HOST', 'PROXMOX_PORT'],
    environment: options.environment,
  };
}
