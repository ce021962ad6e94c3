import { API_VERSION, type TransportDescriptor } from '@zebu/kit';

const descriptor: TransportDescriptor = {
  kind: 'transport',
  id: 'api',
  apiVersion: API_VERSION,
  summary: 'HTTPS API of Proxmox VE, with an API token and a pinned or known certificate',
  capabilities: { hostShell: false },
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<TransportDescriptor> {
  return descriptor;
}
