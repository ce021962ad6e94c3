import { mkdir, rename, rm, writeFile } from 'node:fs/promises';

import { run } from './process.js';

/** The three files of a NoCloud drive, as Proxmox VE writes them. */
export interface CidataFiles {
  readonly userData: string;
  readonly metaData: string;
  readonly networkConfig: string;
  /** `cicustom` vendor data. */
  readonly vendorData?: string;
}

/** Volume label that cloud-init's NoCloud source looks for. */
const CIDATA_LABEL = 'cidata';

/** As xorriso takes a file wherever it lies: below /dev, such as in /dev/shm, a bare path is a drive to it. */
const plainFile = (file: string): string => `stdio:${file}`;

function isoArgv(directory: string, file: string): string[] {
  return ['xorriso', '-as', 'mkisofs', '-quiet', '-V', CIDATA_LABEL, '-J', '-R', '-o', plainFile(file), directory];
}

/** Argv that unpacks a drive into an existing directory, without mounting it. */
export function unpackArgv(file: string, directory: string): string[] {
  return ['xorriso', '-osirrox', 'on', '-indev', plainFile(file), '-extract', '/', directory];
}

/** Writes the drive to `file` (an ISO 9660 image, raw), replacing it in one step. */
export async function writeCidata(file: string, files: CidataFiles): Promise<void> {
  const directory = `${file}.files`;
  const part = `${file}.part`;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(`${directory}/user-data`, files.userData);
    await writeFile(`${directory}/meta-data`, files.metaData);
    await writeFile(`${directory}/network-config`, files.networkConfig);
    if (files.vendorData !== undefined) await writeFile(`${directory}/vendor-data`, files.vendorData);
    await rm(part, { force: true });
    await run(isoArgv(directory, part));
    await rename(part, file);
  } finally {
    await rm(directory, { recursive: true, force: true });
    await rm(part, { force: true });
  }
}
