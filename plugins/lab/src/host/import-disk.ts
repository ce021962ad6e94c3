import { copyFile, rm, stat } from 'node:fs/promises';
import { followTask, localApi, type LocalParams } from './local-api.js';
import type { ProgramIo } from './pvesh.js';

/** A slot nobody uses, for the moment it takes to make the volume. */
const SLOT = 'scsi30';
/** Where the host sees the storage that every volume can be imported from. */
const FOLDER = '/var/lib/vz/import';

/**
 * `qm disk import VMID FILE STORAGE [--format F]`: the file becomes a volume of the VM, as its next unused disk. The
 * node's daemon sees another /tmp than the shell does, so the file goes through the storage both see.
 * @returns the exit status
 */
export async function importDisk(
  socket: string,
  base: string,
  args: readonly string[],
  params: LocalParams,
  io: ProgramIo,
): Promise<number> {
  const usage = 'USAGE: qm disk import <vmid> <source> <storage> [OPTIONS]\n';
  const option = (name: string): string | undefined => params.find(([each]) => each === name)?.[1];
  if (option('help') !== undefined) {
    io.out(usage);
    return 0;
  }
  const [vmid = '', source = '', storage = ''] = args;
  if (storage === '') {
    io.err(`400 not enough arguments\n${usage}`);
    return 255;
  }
  if (
    !(await stat(source).then(
      (found) => found.isFile(),
      () => false,
    ))
  ) {
    io.err(`can't stat '${source}' - No such file or directory\n`);
    return 255;
  }
  const vm = `${base}/${vmid}`;
  const name = `qm-import-${process.pid}.tmp`;
  await copyFile(source, `${FOLDER}/${name}`);
  try {
    io.out(`importing disk '${source}' to VM ${vmid} ...\n`);
    const format = option('format') ?? 'raw';
    const value = `${storage}:0,import-from=local:import/${name},format=${format}`;
    const exit = await followTask(socket, await localApi(socket, 'POST', `${vm}/config`, [[SLOT, value]]), (line) =>
      io.out(`${line}\n`),
    );
    if (exit !== 'OK') {
      io.err(`${exit ?? 'no task'}\n`);
      return 255;
    }
    const config = (await localApi(socket, 'GET', `${vm}/config`)) as Record<string, string>;
    const volume = (config[SLOT] ?? '').split(',')[0] ?? '';
    let free = 0;
    while (config[`unused${free}`] !== undefined) free++;
    await localApi(socket, 'PUT', `${vm}/config`, [
      [`unused${free}`, volume],
      ['delete', SLOT],
    ]);
    io.out(`unused${free}: successfully imported disk '${volume}'\n`);
    return 0;
  } finally {
    await rm(`${FOLDER}/${name}`, { force: true });
  }
}
