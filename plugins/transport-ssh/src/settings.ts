import { ZebuError, type TransportContext } from '@zebu/kit';
import type { SshTarget } from '@zebu/kit/ssh';

/** As zebu's configuration has checked them; a schema of our own would take longer to load than the connection. */
interface Keys {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly identity_file?: string;
  readonly known_hosts?: string;
  readonly proxy_jump?: string;
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds. */
  readonly task_timeout?: number;
}

export interface SshSettings {
  readonly target: SshTarget;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

export function parseSettings(context: TransportContext): SshSettings {
  const { timeout = 30, task_timeout = 900, ...settings } = context.settings as Keys;
  if (settings.host === undefined) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `${context.origin('transport')}: the transport \`ssh\` needs \`proxmox.host\``,
      {
        hint: 'Set proxmox.host or ZEBU_PROXMOX_HOST to the address of the Proxmox host, or an alias of ~/.ssh/config.',
      },
    );
  }
  return {
    target: {
      host: settings.host,
      port: settings.port,
      user: settings.user,
      identityFile: settings.identity_file,
      trust: {
        knownHosts:
          settings.known_hosts === undefined
            ? ['/etc/ssh/ssh_known_hosts', '~/.ssh/known_hosts']
            : [settings.known_hosts],
      },
      proxyJump: settings.proxy_jump,
      useConfig: true,
      connectTimeoutMs: timeout * 1000,
    },
    readTimeoutMs: timeout * 1000,
    // pvesh stays until the task it started has ended.
    writeTimeoutMs: task_timeout * 1000,
  };
}
