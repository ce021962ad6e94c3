import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ZebuError } from '@zebu/kit';

import { run } from '../guest/process.js';
import { debianMirror } from './apt-mirror.js';
import { kernelVersion, makeDisk, makeInitrd } from './disk.js';
import { ensureHostPackages } from './host-packages.js';
import { withLock } from './lock.js';
import { CMDLINE, GUEST_IMAGE_DIR, mmdebstrapArgv, PACKAGES, recipeKey, SUITE } from './recipe.js';
import { seconds, step, type Log } from './steps.js';
import { sha256Of } from './sum.js';

export { ensureHostPackages } from './host-packages.js';

export interface ImageOptions {
  /** Made when missing. Holds some 2 GB an image. */
  readonly cacheDir: string;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** A guest image, ready to be copied (never written to). All paths absolute. */
export interface LabImage {
  /** The disk; 2 GiB virtual, the guest fills what it is grown to. */
  readonly qcow2: string;
  /** Of the qcow2 file, lower-case hexadecimal. */
  readonly sha256: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly cmdline: string;
  /** The same root as a directory tree, for namespace guests; read-only by agreement. */
  readonly rootfs: string;
}

/** What is recorded of a finished image: enough to notice a file that was cut or replaced. */
interface Manifest {
  readonly sha256: string;
  /** File name → size in bytes and time of the last change in milliseconds. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly changed: number }>>;
}

const DISK = 'disk.qcow2';
const KERNEL = 'vmlinuz';
const INITRD = 'initrd.img';
const MANIFEST = 'image.json';
const ROOT = 'rootfs';

/**
 * The guest image for the recipe of this version of the lab: from the cache, or built (about two minutes). Builders of the
 * same cache wait for each other; a cache entry appears whole or not at all, and a damaged one is built again.
 * @throws ZebuError LAB_UNSUPPORTED, LAB_FAILED; the abort reason of `signal`.
 */
export async function ensureImage(options: ImageOptions): Promise<LabImage> {
  const key = await recipeKey();
  const directory = join(options.cacheDir, `${SUITE}-${key}`);
  const cached = await readImage(directory);
  if (cached !== undefined) return cached;
  await ensureHostPackages(options);
  if (process.getuid?.() !== 0) {
    throw new ZebuError('LAB_UNSUPPORTED', 'Building the guest image needs root.', {
      hint: 'Run this command with sudo.',
    });
  }
  await mkdir(options.cacheDir, { recursive: true });
  return withLock(join(options.cacheDir, 'build.lock'), options.log, options.signal, async () => {
    const meanwhile = await readImage(directory);
    if (meanwhile !== undefined) return meanwhile;
    const started = performance.now();
    await build(directory, options);
    options.log(`guest image built in ${seconds(performance.now() - started)}: ${directory}`);
    const built = await readImage(directory);
    if (built === undefined)
      throw new ZebuError('LAB_FAILED', `The guest image in ${directory} is not what was just built.`);
    return built;
  });
}

/** The image of this version's recipe, when it has been built; nothing is built. */
export async function cachedImage(cacheDir: string): Promise<LabImage | undefined> {
  return readImage(join(cacheDir, `${SUITE}-${await recipeKey()}`));
}

/** The image in this cache entry, or undefined when it is missing, incomplete or changed since it was made. */
async function readImage(directory: string): Promise<LabImage | undefined> {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')) as Manifest;
    for (const [name, { bytes, changed }] of Object.entries(manifest.files)) {
      const now = await stat(join(directory, name));
      if (now.size !== bytes || Math.abs(now.mtimeMs - changed) > 1) return undefined;
    }
    await stat(join(directory, ROOT, 'usr/sbin/dockerd'));
  } catch {
    return undefined;
  }
  return {
    qcow2: join(directory, DISK),
    sha256: manifest.sha256,
    kernel: join(directory, KERNEL),
    initrd: join(directory, INITRD),
    cmdline: CMDLINE,
    rootfs: join(directory, ROOT),
  };
}

async function build(directory: string, options: ImageOptions): Promise<void> {
  const { log, signal } = options;
  const part = `${directory}.part`;
  const root = join(part, ROOT);
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  try {
    const mirror = await debianMirror();
    await step(
      log,
      `Debian ${SUITE} with ${String(PACKAGES.length)} packages from ${mirror}`,
      () => run(mmdebstrapArgv(root, [mirror]), { signal }),
      async () => `${((await used(part)) / 2 ** 20).toFixed(0)} MiB on the disk`,
    );
    await step(log, 'the lab’s own configuration', () => customize(root, signal));
    await step(log, 'kernel and initrd', async () => {
      await cp(join(root, 'boot', `vmlinuz-${await kernelVersion(root)}`), join(part, KERNEL));
      await makeInitrd(root, join(GUEST_IMAGE_DIR, 'initrd', 'init'), join(part, INITRD));
    });
    await step(log, 'disk image', async () => {
      await makeDisk(root, join(part, 'disk.raw'), join(part, DISK), signal);
      await rm(join(part, 'disk.raw'));
    });
    const sha256 = await step(log, 'checksum', () => sha256Of(join(part, DISK)));
    await writeManifest(part, sha256);
    await rm(directory, { recursive: true, force: true });
    await rename(part, directory);
  } catch (error) {
    // What cannot be removed now is removed by the next build; it is never told instead of what went wrong.
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
    signal?.throwIfAborted();
    throw new ZebuError('LAB_FAILED', `The guest image could not be built: ${(error as Error).message}`, {
      hint: 'It needs root, a Debian package mirror and 4 GB of free disk.',
      cause: error,
    });
  }
}

/** Bytes that a folder takes on the disk. */
async function used(folder: string): Promise<number> {
  const said = await run(['du', '-s', '--block-size=1', folder]);
  return Number(said.split(/\s/, 1)[0]);
}

/** Lays `guest-image/root` over the tree and runs `customize.sh` inside it. */
async function customize(root: string, signal?: AbortSignal): Promise<void> {
  await run(['find', join(root, 'usr/lib/modules'), '-name', '*.ko.xz', '-exec', 'xz', '-d', '{}', '+'], { signal });
  const overlay = join(GUEST_IMAGE_DIR, 'root');
  for (const entry of await readdir(overlay, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    const to = join(root, from.slice(overlay.length));
    if (entry.isDirectory()) {
      await mkdir(to, { recursive: true });
      continue;
    }
    await writeFile(to, await readFile(from));
    // git keeps one permission bit; the rest is decided here, not by the umask of whoever cloned.
    await chmod(to, ((await stat(from)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
  const script = join(root, 'tmp/customize.sh');
  await cp(join(GUEST_IMAGE_DIR, 'customize.sh'), script);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  await run(['chroot', root, '/bin/sh', '/tmp/customize.sh'], { env, signal });
  await rm(script);
}

async function writeManifest(directory: string, sha256: string): Promise<void> {
  const files: Record<string, { bytes: number; changed: number }> = {};
  for (const name of [DISK, KERNEL, INITRD]) {
    const { size, mtimeMs } = await stat(join(directory, name));
    files[name] = { bytes: size, changed: mtimeMs };
  }
  const manifest: Manifest = { sha256, files };
  await writeFile(join(directory, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
