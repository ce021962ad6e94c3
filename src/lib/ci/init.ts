import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { GitProgram } from '../repository/git-program.js';
import { describedTransport } from '../providers/registry.js';
import type { CiPackage } from './package.js';
import { isPrivateHost } from './private-host.js';
import { accessSecrets, renderWorkflow, type AccessInCi } from './workflow.js';
import type { CiInitialized } from './results.js';

const WORKFLOW = '.github/workflows/deploy.yml';

/** Top of the repository; the folder itself where there is none yet. */
function topOf(folder: string): string {
  const { status, stdout } = spawnSync('git', ['-C', folder, 'rev-parse', '--show-toplevel'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : folder;
}

/** What the transport in use needs in CI. @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN */
async function accessOf({ config, oclif, io }: Context): Promise<AccessInCi> {
  const { descriptor, plugin, own } = await describedTransport(oclif, config.proxmox.transport, io);
  const access = { ...descriptor.ci, port: descriptor.port?.default };
  if (own) return access;
  const { version = '', type } = oclif.plugins.get(plugin) ?? {};
  if (type === 'link')
    io.warn(`${plugin} is a folder of this machine: publish it, so that the workflow can install ${plugin}@${version}`);
  return { ...access, plugin: `${plugin}@${version}` };
}

/** Writes the workflow. @throws USAGE when there is one and `force` is not given, and what `accessOf` throws */
export async function ciInit(
  context: Context,
  options: {
    readonly environment: string;
    readonly runner: string;
    readonly force: boolean;
    /** What the workflow installs, by the top of the repository. */
    readonly zebu: (top: string) => Promise<CiPackage>;
  },
): Promise<CiInitialized> {
  const { config, root } = context;
  const top = topOf(root);
  const path = join(top, WORKFLOW);
  if (existsSync(path) && !options.force) {
    throw new ZebuError('USAGE', `${WORKFLOW} is there already`, { hint: 'Give --force to write a new one over it.' });
  }
  const access = await accessOf(context);
  const zebu = await options.zebu(top);
  const text = renderWorkflow({
    environment: options.environment,
    runner: options.runner,
    zebu,
    config,
    access,
    folder: relative(top, root).replaceAll('\\', '/'),
    submodules: existsSync(join(top, '.gitmodules')),
    lfs: await new GitProgram(top, context.signal).usesLfs(),
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return {
    file: WORKFLOW,
    secrets: [...accessSecrets(access), ...Object.keys(config.secrets)],
    variables: ['PROXMOX_HOST', 'PROXMOX_PORT'],
    environment: options.environment,
    privateHost:
      config.proxmox.host !== undefined && options.runner !== 'self-hosted' && isPrivateHost(config.proxmox.host)
        ? config.proxmox.host
        : null,
  };
}
