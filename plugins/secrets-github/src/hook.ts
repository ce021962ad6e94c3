import { API_VERSION, type SecretSourceDescriptor } from '@zebu/kit';

const descriptor: SecretSourceDescriptor = {
  kind: 'secrets',
  id: 'github',
  apiVersion: API_VERSION,
  summary: 'GitHub Actions: ZEBU_SECRETS holding toJSON(secrets), or one variable a secret',
  load: async () => (await import('./index.js')).factory,
};

export default async function hook(): Promise<SecretSourceDescriptor> {
  return descriptor;
}
