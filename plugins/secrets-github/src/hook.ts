import { API_VERSION, type SecretSourceDescriptor } from '@zebu/kit';

const descriptor: SecretSourceDescriptor = {
  kind: 'secrets',
  id: 'github',
  apiVersion: API_VERSION,
  summary: 'GitHub Actions secrets: read from the environment of a workflow, written with the public key',
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<SecretSourceDescriptor> {
  return descriptor;
}
