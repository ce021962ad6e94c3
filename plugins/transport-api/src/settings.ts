import { jumpHostOf, ZebuError, type JumpHost, type TransportContext, type TransportSettings } from '@zebu/kit';
import { keys, PORT } from './keys.js';

export interface ApiSettings {
  readonly host: string;
  readonly port: number;
  readonly token_file?: string | undefined;
  readonly token_env: string;
  readonly fingerprint?: string | undefined;
  readonly ca_file?: string | undefined;
  readonly timeoutMs: number;
  readonly jumpHost: JumpHost | undefined;
}

/** As zebu's configuration has checked them; a schema of our own would take longer to load than some requests. */
export function parseSettings(context: TransportContext): ApiSettings {
  const {
    host,
    port = PORT,
    token_file,
    token_env = keys.token_env.default,
    fingerprint,
    ca_file,
    timeout = 30,
  } = context.settings as TransportSettings<typeof keys>;
  if (host === undefined) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `${context.origin('transport')}: the transport \`api\` needs \`proxmox.host\``,
      {
        hint: 'Set proxmox.host or ZEBU_PROXMOX_HOST to the address of the Proxmox host.',
      },
    );
  }
  return {
    host,
    port,
    token_file,
    token_env,
    fingerprint,
    ca_file,
    timeoutMs: timeout * 1000,
    // `proxmox.port` is that of the API: SSH has its own there.
    jumpHost: jumpHostOf(context.settings),
  };
}
