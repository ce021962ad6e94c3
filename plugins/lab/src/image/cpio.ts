/** One entry of an initial RAM disk. */
export interface CpioEntry {
  /** Relative, without a leading slash. */
  readonly path: string;
  /** Type and permission bits, such as 0o100755 or 0o040755. */
  readonly mode: number;
  readonly data?: Buffer;
}

/** A cpio archive in the `newc` format, the one the kernel unpacks. Owner root, time zero: the same input, the same bytes. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const all = [...entries, { path: 'TRAILER!!!', mode: 0 }];
  return Buffer.concat(all.flatMap((entry, index) => record(entry, index + 1)));
}

function record(entry: CpioEntry, inode: number): Buffer[] {
  const name = Buffer.from(`${entry.path}\0`);
  const data = entry.data ?? Buffer.alloc(0);
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, entry.mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
