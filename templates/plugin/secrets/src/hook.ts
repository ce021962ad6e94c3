import { API_VERSION, type SecretSourceDescriptor } from '@zebu/kit';

/** Small and quick: it is asked on many commands, and loads the source only when zebu.yml uses it. */
const descriptor: SecretSourceDescriptor = {
  kind: 'secrets',
  id: '__name__',
  apiVersion: API_VERSION,
  summary: '__summary__',
  load: async () => (await import('./source.js')).factory,
};

export default async function hook(): Promise<SecretSourceDescriptor> {
  return descriptor;
}
