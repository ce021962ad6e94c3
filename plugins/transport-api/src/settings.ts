import { ZebuError, type TransportContext } from '@zebu/kit';

/** As zebu's configuration has checked them; a schema of our own would take longer to load than some requests. */
interface Keys {
  readonly host?: string;
  readonly port?: number;
  readonly token_file?: string;
  readonly token_env?: string;
  readonly fingerprint?: string;
  readonly ca_file?: string;
  /** Seconds. */
  readonly timeout?: number;
}

export interface ApiSettings {
  readonly host: string;
  readonly port: number;
  readonly token_file?: string | undefined;
  readonly token_env: string;
  readonly fingerprint?: string | undefined;
  readonly ca_file?: string | undefined;
  readonly timeoutMs: number;
}

export function parseSettings(context: TransportContext): ApiSettings {
  const {
    host,
    port = 8006,
    token_file,
    token_env = 'ZEBU_PROXMOX_TOKEN',
    fingerprint,
    ca_file,
    timeout = 30,
  } = context.settings as Keys;
  if (host === undefined) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `${context.origin('transport')}: the transport \`api\` needs \`proxmox.host\``,
      {
        hint: 'Set proxmox.host or ZEBU_PROXMOX_HOST to the address of the Proxmox host.',
      },
    );
  }
  return { host, port, token_file, token_env, fingerprint, ca_file, timeoutMs: timeout * 1000 };
}
