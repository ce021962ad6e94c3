import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where a guest's cgroup can be made: one directory a controller (version 1), or a single one (version 2). */
export interface CgroupParent {
  readonly directory: string;
  /** `cpuset`, `cpu,cpuacct`, … or `` for version 2. */
  readonly controllers: string;
}

/**
 * Version 1: below our own cgroup, so that limits set on us hold for the guest, too. Version 2: at the root of the tree, as
 * a cgroup with processes of its own cannot give controllers to children.
 * @param mountinfo text of /proc/self/mountinfo
 * @param own text of /proc/self/cgroup
 */
export function cgroupParents(mountinfo: string, own: string): CgroupParent[] {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , root, point] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (root === undefined || point === undefined || type === undefined) return [];
    return [{ root, point, type, options: (options ?? '').split(',') }];
  });
  const parents = own.split('\n').flatMap((line): CgroupParent[] => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined || controllers === '') return [];
    const wanted = controllers.split(',');
    const mount = mounts.find((each) => each.type === 'cgroup' && wanted.every((name) => each.options.includes(name)));
    if (mount === undefined) return [];
    const below = path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
    return [{ directory: join(mount.point, below), controllers }];
  });
  if (parents.length > 0) return parents;
  const unified = mounts.find((each) => each.type === 'cgroup2');
  return unified === undefined ? [] : [{ directory: unified.point, controllers: '' }];
}

/** Makes the guest's cgroup on every controller; gives their directories. */
export async function makeCgroups(name: string): Promise<string[]> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  const made: string[] = [];
  for (const parent of cgroupParents(mountinfo, await readFile('/proc/self/cgroup', 'utf8'))) {
    const directory = join(parent.directory, name);
    await mkdir(directory, { recursive: true });
    // A new cpuset is empty and takes no process until it has processors and memory.
    if (parent.controllers.split(',').includes('cpuset')) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        await writeFile(join(directory, file), await readFile(join(parent.directory, file), 'utf8'));
      }
    }
    made.push(directory);
  }
  return made;
}

/** Removes the cgroups and all below them; their processes must be gone. */
export async function removeCgroups(directories: readonly string[]): Promise<void> {
  for (const directory of directories) await removeTree(directory);
}

async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  for (let attempt = 0; attempt < 40; attempt++) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await sleep(50); // the last process is still being buried
    }
  }
}

/** Stops or continues every process of the guest. */
export async function freeze(directories: readonly string[], frozen: boolean): Promise<void> {
  const control = await freezer(directories);
  await writeFile(control.file, frozen ? control.on : control.off);
  // It is an order: a process that is in the middle of something stops a moment later, on a busy machine much later.
  for (let waited = 0; waited < FREEZE_MS && (await isFrozen(directories)) !== frozen; waited += FREEZE_STEP_MS)
    await sleep(FREEZE_STEP_MS);
}

const FREEZE_MS = 30_000;
const FREEZE_STEP_MS = 20;

export async function isFrozen(directories: readonly string[]): Promise<boolean> {
  const control = await freezer(directories).catch(() => undefined);
  return control !== undefined && control.done.test(await readFile(control.state, 'utf8'));
}

interface Freezer {
  readonly file: string;
  readonly on: string;
  readonly off: string;
  /** Where it says that all processes stand still, and how. */
  readonly state: string;
  readonly done: RegExp;
}

async function freezer(directories: readonly string[]): Promise<Freezer> {
  for (const directory of directories) {
    const files = await readdir(directory);
    const at = (name: string): string => join(directory, name);
    if (files.includes('freezer.state'))
      return { file: at('freezer.state'), on: 'FROZEN', off: 'THAWED', state: at('freezer.state'), done: /^FROZEN$/m };
    if (files.includes('cgroup.freeze'))
      return { file: at('cgroup.freeze'), on: '1', off: '0', state: at('cgroup.events'), done: /^frozen 1$/m };
  }
  throw new Error('this machine has no freezer for processes');
}
