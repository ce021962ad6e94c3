import { API_VERSION, type TransportDescriptor } from '@zebu/kit';
import { keys, PORT, TOKEN_VARIABLE } from './keys.js';

const descriptor: TransportDescriptor = {
  kind: 'transport',
  id: 'api',
  apiVersion: API_VERSION,
  summary: 'HTTPS API of Proxmox VE, with an API token and a pinned or known certificate',
  capabilities: { hostShell: false },
  keys,
  port: { default: PORT },
  ci: { variables: [TOKEN_VARIABLE] },
  init: {
    needs: 'a token',
    variables: [TOKEN_VARIABLE],
    later: [
      {
        key: 'fingerprint',
        example: "'AA:BB:…'",
        where: 'SHA-256 of the certificate: node → System → Certificates',
      },
    ],
  },
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<TransportDescriptor> {
  return descriptor;
}
