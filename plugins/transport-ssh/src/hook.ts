import { API_VERSION, type TransportDescriptor } from '@zebu/kit';

const descriptor: TransportDescriptor = {
  kind: 'transport',
  id: 'ssh',
  apiVersion: API_VERSION,
  summary: 'pvesh on the Proxmox host, over one SSH connection',
  capabilities: { hostShell: true },
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<TransportDescriptor> {
  return descriptor;
}
