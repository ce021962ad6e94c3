import type { TransportSettings } from './transport-keys.js';
import type { JumpHost } from './transport.js';

const SYSTEM_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '~/.ssh/known_hosts'];

/** Keys of whoever logs in on the Proxmox host over SSH, as the transport `ssh` declares them. */
type Login = TransportSettings<
  Record<'identity_file' | 'known_hosts' | 'proxy_jump' | 'user', { type: 'string'; description: string }>
>;

/**
 * The host of `proxmox.host` with the login that zebu.yml gives for it, as a way for SSH; undefined without a host. The port is
 * left to who knows whether `proxmox.port` is that of SSH.
 */
export function jumpHostOf(settings: Readonly<Record<string, unknown>>): JumpHost | undefined {
  const { host, user, identity_file, known_hosts, proxy_jump } = settings as Login;
  if (host === undefined) return undefined;
  return {
    host,
    user,
    identityFile: identity_file,
    knownHosts: known_hosts === undefined ? SYSTEM_KNOWN_HOSTS : [known_hosts],
    proxyJump: proxy_jump,
  };
}
