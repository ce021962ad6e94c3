import { API_VERSION, type TransportDescriptor } from '@zebu/kit';
import { keys } from './keys.js';

const descriptor: TransportDescriptor = {
  kind: 'transport',
  id: 'ssh',
  apiVersion: API_VERSION,
  summary: 'one SSH connection to the Proxmox host, and through it its API',
  capabilities: { hostShell: true },
  keys,
  host: { or: 'an alias of ~/.ssh/config' },
  port: { default: 22, or: 'what ~/.ssh/config says' },
  ci: {
    files: [
      { secret: 'PROXMOX_SSH_KEY', file: 'proxmox_key', key: 'identity_file' },
      { secret: 'PROXMOX_KNOWN_HOSTS', file: 'known_hosts', key: 'known_hosts' },
    ],
  },
  init: { hosts: async (env) => (await import('./hosts.js')).hosts(env) },
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<TransportDescriptor> {
  return descriptor;
}
