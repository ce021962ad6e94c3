import { API_VERSION, type SecretSourceDescriptor } from '@zebu/kit';

const descriptor: SecretSourceDescriptor = {
  kind: 'secrets',
  id: 'dotenv',
  apiVersion: API_VERSION,
  summary: 'KEY=value files, by default .env beside zebu.yml',
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<SecretSourceDescriptor> {
  return descriptor;
}
