import { API_VERSION, type TransportDescriptor } from '@zebu/kit';

const descriptor: TransportDescriptor = {
  kind: 'transport',
  id: 'ssh',
  apiVersion: API_VERSION,
  summary: 'one SSH connection to the Proxmox host, and through it its API',
  capabilities: { hostShell: true },
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<TransportDescriptor> {
  return descriptor;
}
