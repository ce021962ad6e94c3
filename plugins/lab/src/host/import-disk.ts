import { copyFile, rm, stat } from 'node:fs/promises';
import type { Work } from './commands.js';
import { followTask, localApi } from './local-api.js';
import { ask, Died } from './program.js';

/** A slot nobody uses, for the moment it takes to make the volume. */
const SLOT = 'scsi30';
/** Where the host sees the storage that every volume can be imported from. */
const FOLDER = '/var/lib/vz/import';

/** The lines of an import's log that `qm disk import` prints as well. */
const SAID = /^(Formatting|transferred) /;

/**
 * `qm disk import VMID FILE STORAGE [--format F]`: the file becomes a volume of the VM, as its next unused disk. The
 * node's daemon sees another /tmp than the shell does, so the file goes through the storage both see.
 */
export const importDisk: Work = async (host, params) => {
  const { socket, io } = host;
  const option = new Map(params);
  const [vmid = '', source = '', storage = ''] = ['vmid', 'source', 'storage'].map((name) => option.get(name));
  const vm = `/nodes/${host.node}/qemu/${vmid}`;
  await ask(host, 'GET', `${vm}/config`);
  const isFile = await stat(source).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw new Died(`${source}: non-existent or non-regular file`);
  await ask(host, 'GET', `/nodes/${host.node}/storage/${storage}/status`);
  const name = `qm-import-${process.pid}.tmp`;
  await copyFile(source, `${FOLDER}/${name}`);
  try {
    io.out(`importing disk '${source}' to VM ${vmid} ...\n`);
    const value = `${storage}:0,import-from=local:import/${name},format=${option.get('format') ?? 'raw'}`;
    const upid = await localApi(socket, 'POST', `${vm}/config`, [[SLOT, value]]);
    const exit = await followTask(socket, upid, (line) => {
      if (SAID.test(line)) io.out(`${line}\n`);
    });
    if (exit !== 'OK') throw new Died(exit ?? 'no task');
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
};
