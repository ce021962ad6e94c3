import type { TransportKeys } from '@zebu/kit';

export const keys = {
  user: {
    type: 'string',
    minLength: 1,
    description: 'login on the host. Default: what ~/.ssh/config says, else root.',
    tells: 'user',
  },
  identity_file: {
    type: 'string',
    description: 'private key. Default: the agent and what ~/.ssh/config says.',
  },
  known_hosts: { type: 'string', description: 'file of known host keys. Default: ~/.ssh/known_hosts.' },
  proxy_jump: {
    type: 'string',
    description: 'host to go through, `[user@]host[:port]`.',
    tells: 'destination',
  },
} as const satisfies TransportKeys;
