import { API_VERSION, type SecretSourceDescriptor } from '@zebu/kit';

const descriptor: SecretSourceDescriptor = {
  kind: 'secrets',
  id: 'command',
  apiVersion: API_VERSION,
  summary: 'What a command prints for a name, such as `pass show shop/{name}`',
  load: async () => (await import('./source.js')).factory,
};

export default async function hook(): Promise<SecretSourceDescriptor> {
  return descriptor;
}
