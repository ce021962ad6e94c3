import { ZebuError, type TransportContext } from '@zebu/kit';
import * as z from 'zod';

const schema = z.looseObject({
  host: z.string().optional(),
  port: z.number().default(8006),
  token_file: z.string().optional(),
  token_env: z.string().default('ZEBU_PROXMOX_TOKEN'),
  fingerprint: z.string().optional(),
  ca_file: z.string().optional(),
  /** Seconds. */
  timeout: z.number().default(30),
});

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
  const { timeout, host, ...rest } = schema.parse(context.settings);
  if (host === undefined) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `${context.origin('transport')}: the transport \`api\` needs \`proxmox.host\``,
      {
        hint: 'Set proxmox.host or ZEBU_PROXMOX_HOST to the address of the Proxmox host.',
      },
    );
  }
  return { ...rest, host, timeoutMs: timeout * 1000 };
}
