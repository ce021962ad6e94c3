import { variables, ZebuError, type HostShell, type Io } from '@zebu/kit';
import { eachLine } from '../../../guest/lines.js';
import { parseFacts } from '../../../guest/facts.js';
import type { ScriptOs } from './dialogs.js';
import IMAGE_CACHE from './image-cache.sh';

/** The image the script downloads, and where its publisher says what it must be. The script itself checks nothing. */
export interface CachedImage {
  readonly url: string;
  readonly sums: string;
  readonly algorithm: 'sha256' | 'sha512';
  /** Where the script keeps it and takes it from when it is there. */
  readonly file: string;
}

const CACHE = '/var/lib/vz/template/cache';
const CODENAMES = { debian12: 'bookworm', debian13: 'trixie', ubuntu2204: 'jammy', ubuntu2404: 'noble' } as const;

export function cachedImage(os: ScriptOs, arch: string): CachedImage {
  const codename = CODENAMES[os];
  const debian = os.startsWith('debian');
  const base = debian
    ? `https://cloud.debian.org/images/cloud/${codename}/latest`
    : `https://cloud-images.ubuntu.com/${codename}/current`;
  const name = debian
    ? `debian-${os.slice('debian'.length)}-generic-${arch}.qcow2`
    : `${codename}-server-cloudimg-${arch}.img`;
  return {
    url: `${base}/${name}`,
    sums: `${base}/${debian ? 'SHA512SUMS' : 'SHA256SUMS'}`,
    algorithm: debian ? 'sha512' : 'sha256',
    file: `${CACHE}/${name}`,
  };
}

/** See image-cache.sh. */
function cacheScript({ url, sums, algorithm, file }: CachedImage): string {
  return variables({ url, sums, algorithm, file }) + IMAGE_CACHE;
}

export interface PrepareOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** `vm.script.allow_unverified_image`. */
  readonly allowUnverified: boolean;
  /** How much of it the host has. @param total undefined where the publisher does not say */
  readonly onBytes?: (bytes: number, total: number | undefined) => void;
}

/** Takes the output apart as it comes. @returns what is to be given each piece, and what all of it was */
function bytesIn(onBytes: NonNullable<PrepareOptions['onBytes']>) {
  let all = '';
  let total: number | undefined;
  const lines = eachLine((line) => {
    const [, name, number] = /^(bytes|total)=\s*(\d+)$/.exec(line) ?? [];
    if (name === 'total') total = Number(number) || undefined;
    if (name === 'bytes') onBytes(Number(number), total);
  });
  const take = (text: string): void => {
    all += text;
    lines(text);
  };
  return { take, all: () => all };
}

const HOST_HINT =
  'The host itself has to reach it: see there with curl. Without a way to it use vm.provisioner cloud-image with vm.image.volume, or set vm.script.allow_unverified_image to true and check the image yourself.';

function unverified(image: CachedImage, facts: ReadonlyMap<string, string>): ZebuError {
  const host = new URL(image.sums).host;
  if (facts.get('image') === 'unreachable')
    return new ZebuError('UNREACHABLE', `${image.url} cannot be fetched by the host; nothing was run`, {
      hint: HOST_HINT,
    });
  if (facts.get('sums') === 'yes')
    return new ZebuError(
      'IMAGE_MISMATCH',
      `${image.sums} does not list ${image.url}, so it cannot be checked; nothing was run`,
      {
        hint: `Has ${host} moved it? Look there; vm.script.os has other systems.`,
      },
    );
  return new ZebuError(
    'UNREACHABLE',
    `${image.sums} cannot be fetched by the host, so the image of the community script cannot be checked; nothing was run`,
    { hint: HOST_HINT },
  );
}

/**
 * @returns what the image is, for people
 * @throws IMAGE_MISMATCH when the publisher's own sum does not match what it serves, or it lists none; UNREACHABLE when it
 *   cannot be asked. What could not be checked is only used where the configuration says so
 */
export async function prepareImage(shell: HostShell, image: CachedImage, options: PrepareOptions): Promise<string> {
  const { io, signal, timeoutMs, allowUnverified, onBytes = () => {} } = options;
  const output = bytesIn(onBytes);
  await shell.exec(['sh', '-c', cacheScript(image)], { signal, timeoutMs, onStdout: output.take });
  const facts = parseFacts(output.all());
  const removed = facts.get('removed');
  if (removed !== undefined) {
    io.warn(
      `${image.file} was ${removed === 'damaged' ? 'damaged, perhaps half a download,' : 'not what its publisher lists today'} and was removed: the community script would have used it`,
    );
  }
  const found = facts.get('image');
  switch (found) {
    case 'present':
    case 'downloaded':
      return `${found}, ${image.algorithm} as ${new URL(image.sums).host} lists it`;
    case 'mismatch':
      throw new ZebuError('IMAGE_MISMATCH', `${image.url} is not what ${image.sums} says; nothing of it was kept`, {
        hint: 'Perhaps it was being replaced while it was downloaded: try again in a few minutes.',
      });
    case undefined:
    default:
      if (!allowUnverified) throw unverified(image, facts);
      io.warn(
        `NOBODY HAS CHECKED THE IMAGE of this VM (vm.script.allow_unverified_image): ${image.sums} cannot be compared with ${found === 'sound' ? image.file : image.url}`,
      );
      return found === 'sound' ? 'in the cache, not checked' : 'left to the script, not checked';
  }
}
