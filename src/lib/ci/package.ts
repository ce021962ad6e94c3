import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { askRegistry, type Published } from '../update/published.js';

/** What the workflow installs: it holds keys of Proxmox, so nothing but what it was written for. */
export interface CiPackage {
  /** Path of the tarball from the top of the repository. */
  readonly file: string;
  /** 128 hex digits. */
  readonly sha512: string;
  /** What npm fetches it as; empty for one that is in the repository. */
  readonly spec: string;
}

export interface PackageRequest {
  /** Path of a tarball in the repository. */
  readonly given: string | undefined;
  readonly cwd: string;
  /** Top of the repository. */
  readonly top: string;
  readonly version: string;
  /** Where this zebu was published from. */
  readonly repository: string | undefined;
  readonly ask?: (spec: string, repository: string) => Promise<Published | undefined>;
}

const HOW =
  'Make it a file with `npm run pack` in the checkout of zebu, commit that in this repository, and name it with --package.';

async function ofFile(given: string, cwd: string, top: string): Promise<CiPackage> {
  const file = relative(top, resolve(cwd, given)).replaceAll('\\', '/');
  if (file.startsWith('../') || isAbsolute(file))
    throw new ZebuError('USAGE', `--package ${given} is not in this repository, so the workflow has no such file`, {
      hint: 'Copy it here and commit it.',
    });
  const bytes = await readFile(resolve(cwd, given)).catch((cause: NodeJS.ErrnoException) => {
    throw new ZebuError('USAGE', `--package ${given} cannot be read (${cause.code ?? 'error'})`, { hint: HOW, cause });
  });
  // A tarball as npm packs it.
  if (bytes.subarray(0, 2).toString('hex') !== '1f8b')
    throw new ZebuError('USAGE', `--package ${given} is no package: it is not compressed`, { hint: HOW });
  return { file, sha512: createHash('sha512').update(bytes).digest('hex'), spec: '' };
}

/** @throws USAGE for a file that is none, and where the registry has no zebu of the same repository */
export async function ciPackage(request: PackageRequest): Promise<CiPackage> {
  const { given, cwd, top, version, repository, ask = askRegistry } = request;
  if (given !== undefined) return ofFile(given, cwd, top);
  const spec = `zebu@${version}`;
  if (repository === undefined)
    throw new ZebuError('USAGE', 'What the workflow is to install is not known: this zebu was not published', {
      hint: HOW,
    });
  const found = await ask(spec, repository);
  const [, base64 = ''] = /^sha512-([A-Za-z0-9+/=]+)$/.exec(found?.integrity ?? '') ?? [];
  if (found?.version !== version || base64 === '')
    throw new ZebuError('USAGE', `The registry has no ${spec} from ${repository}, or does not answer`, { hint: HOW });
  return { file: `zebu-${version}.tgz`, sha512: Buffer.from(base64, 'base64').toString('hex'), spec };
}
