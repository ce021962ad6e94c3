import { jumpHostOf, ZebuError, type JumpHost, type TransportContext, type TransportSettings } from '@zebu/kit';
import type { SshTarget } from '@zebu/kit/ssh';
import type { keys } from './keys.js';

export interface SshSettings {
  readonly target: SshTarget;
  /** The same host, for who goes on from there. */
  readonly jumpHost: JumpHost;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/** As zebu's configuration has checked them; a schema of our own would take longer to load than the connection. */
export function parseSettings(context: TransportContext): SshSettings {
  const { port, timeout = 30, task_timeout = 900 } = context.settings as TransportSettings<typeof keys>;
  const login = jumpHostOf(context.settings);
  if (login === undefined) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `${context.origin('transport')}: the transport \`ssh\` needs \`proxmox.host\``,
      {
        hint: 'Set proxmox.host or ZEBU_PROXMOX_HOST to the address of the Proxmox host, or an alias of ~/.ssh/config.',
      },
    );
  }
  const { knownHosts, ...way } = login;
  return {
    target: {
      ...way,
      port,
      trust: { knownHosts },
      useConfig: true,
      connectTimeoutMs: timeout * 1000,
    },
    jumpHost: { ...login, port },
    readTimeoutMs: timeout * 1000,
    // pvesh stays until the task it started has ended.
    writeTimeoutMs: task_timeout * 1000,
  };
}
