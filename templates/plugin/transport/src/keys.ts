import type { TransportKeys } from '@zebu/kit';

/** Where the API listens. */
export const PORT = 8006;

export const TOKEN_VARIABLE = '__VARIABLE___TOKEN';

/** Its keys in the section `proxmox` of zebu.yml, with the variables ZEBU_PROXMOX_…; begin each with a name of your own. */
export const keys = {
  __key___scheme: {
    type: 'string',
    pattern: '^https?$',
    expected: 'must be http or https',
    default: 'https',
    description: 'how the API is spoken to.',
  },
  __key___token_env: {
    type: 'string',
    default: TOKEN_VARIABLE,
    description: 'name of the variable holding `user@realm!name=secret`.',
    credential: 'variable',
  },
} as const satisfies TransportKeys;
