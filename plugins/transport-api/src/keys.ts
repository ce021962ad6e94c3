import type { TransportKeys } from '@zebu/kit';

/** Of Proxmox's API server. */
export const PORT = 8006;

export const TOKEN_VARIABLE = 'ZEBU_PROXMOX_TOKEN';

export const keys = {
  token_file: {
    type: 'string',
    description: 'file (mode 0600) holding `user@realm!name=secret`.',
    credential: 'file',
  },
  token_env: {
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    default: TOKEN_VARIABLE,
    description: 'name of the variable holding `user@realm!name=secret`.',
    credential: 'variable',
  },
  fingerprint: {
    type: 'string',
    pattern: '^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$',
    expected: 'a SHA-256 fingerprint: 32 hex pairs separated by colons',
    description: 'SHA-256 fingerprint of the certificate, as the web interface shows it.',
    tells: 'fingerprint',
  },
  ca_file: {
    type: 'string',
    description: 'certificate authority to trust, such as a copy of /etc/pve/pve-root-ca.pem.',
  },
} as const satisfies TransportKeys;
