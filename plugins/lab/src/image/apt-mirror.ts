import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Used when this machine's apt names none. */
const PUBLIC_MIRROR = 'http://deb.debian.org/debian';

/**
 * The mirror of Debian's main archive that this machine already uses, so that a proxy or a local mirror its owner set up
 * serves the guests' packages, too. Security and third-party archives are not main archives and are passed over.
 */
export async function debianMirror(directory = '/etc/apt'): Promise<string> {
  const texts = [await readText(join(directory, 'sources.list'))];
  for (const name of (await readNames(join(directory, 'sources.list.d'))).sort()) {
    if (/\.(list|sources)$/.test(name)) texts.push(await readText(join(directory, 'sources.list.d', name)));
  }
  return texts.map((text) => mainArchive(text)).find((mirror) => mirror !== undefined) ?? PUBLIC_MIRROR;
}

/** First Debian main archive in an apt source file of either format. */
export function mainArchive(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const uris = lines.flatMap((line) => {
    const deb822 = /^URIs:\s*(.+)$/i.exec(line)?.[1]?.split(/\s+/);
    const oneLine = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s/.exec(line)?.[1];
    return [...(deb822 ?? []), ...(oneLine === undefined ? [] : [oneLine])];
  });
  return uris.find((uri) => /^https?:\/\/.*\/debian\/?$/.test(uri))?.replace(/\/$/, '');
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function readNames(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
