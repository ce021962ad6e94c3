import { ZebuError } from '../errors.js';
import { fingerprint, hostKeyLookup, keyType, pinnedKeys, readKnownKeys, type KnownKey } from './known-hosts.js';
import type { ResolvedTarget } from './target.js';

/** What may be accepted from one host: decided before the connection, applied when its key arrives. */
export interface HostKeyPolicy {
  readonly known: readonly KnownKey[];
  /** Offer only types we can check: with an RSA key on record an offered ed25519 key would fail for nothing. */
  readonly algorithms: readonly string[] | undefined;
  /** undefined when the key is the recorded one. */
  judge(presented: Buffer): ZebuError | undefined;
}

/** ssh-rsa keys sign with SHA-2 today; the old SHA-1 signature is not offered. */
function signatureAlgorithms(type: string): readonly string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
}

export async function hostKeyPolicy(target: ResolvedTarget): Promise<HostKeyPolicy> {
  const pinned = 'pinned' in target.trust;
  const known =
    'pinned' in target.trust
      ? pinnedKeys(target.trust.pinned)
      : await readKnownKeys(target.trust.knownHosts, target.hostKeyName, target.port);
  const usable = known.filter((key) => !key.revoked);
  const name = hostKeyLookup(target.hostKeyName, target.port);
  return {
    known,
    algorithms: usable.length === 0 ? undefined : [...new Set(usable.flatMap((key) => signatureAlgorithms(key.type)))],
    judge: (presented) => {
      const shown = `${keyType(presented)} ${fingerprint(presented)}`;
      const revoked = known.find((key) => key.revoked && key.key.equals(presented));
      if (revoked !== undefined) {
        return new ZebuError(
          'HOST_KEY_CHANGED',
          `${name} presents a key that is revoked in ${revoked.file}:${revoked.line} (${shown})`,
        );
      }
      if (usable.some((key) => key.key.equals(presented))) return undefined;
      const [recorded] = usable;
      if (recorded === undefined) {
        const file = 'knownHosts' in target.trust ? target.trust.knownHosts.at(-1) : undefined;
        return new ZebuError('HOST_KEY_UNKNOWN', `The host key of ${name} is not known: ${shown}`, {
          hint: `Compare it with \`ssh-keygen -lf\` on the host's console, then add it to ${file ?? 'the known hosts file'}.`,
          details: { host: name, fingerprint: fingerprint(presented) },
        });
      }
      const where = pinned ? 'the pinned one' : `${recorded.file}:${recorded.line}`;
      return new ZebuError('HOST_KEY_CHANGED', `The host key of ${name} is not ${where}: it presents ${shown}`, {
        hint: 'Either the machine was reinstalled, or somebody is in between. Find out which before going on.',
        details: { host: name, fingerprint: fingerprint(presented), expected: fingerprint(recorded.key) },
      });
    },
  };
}
