import { ZebuError, type TransportContext } from '@zebu/kit';
import type { SshTarget } from '@zebu/kit/ssh';
import * as z from 'zod';

const schema = z.looseObject({
  host: z.string().optional(),
  port: z.number().optional(),
  user: z.string().optional(),
  identity_file: z.string().optional(),
  known_hosts: z.string().optional(),
  proxy_jump: z.string().optional(),
  /** Seconds. */
  timeout: z.number().default(30),
  /** Seconds. */
  task_timeout: z.number().default(900),
});

export interface SshSettings {
  readonly target: SshTarget;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

export function parseSettings(context: TransportContext): SshSettings {
  const settings = schema.parse(context.settings);
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
      connectTimeoutMs: settings.timeout * 1000,
    },
    readTimeoutMs: settings.timeout * 1000,
    // pvesh stays until the task it started has ended.
    writeTimeoutMs: settings.task_timeout * 1000,
  };
}
