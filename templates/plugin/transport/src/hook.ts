import { API_VERSION, type TransportDescriptor } from '@zebu/kit';
import { keys, PORT, TOKEN_VARIABLE } from './keys.js';

/** Small and quick: it is asked on many commands, and loads the transport only when zebu.yml uses it. */
const descriptor: TransportDescriptor = {
  kind: 'transport',
  id: '__name__',
  apiVersion: API_VERSION,
  summary: '__summary__',
  capabilities: { hostShell: false },
  keys,
  port: { default: PORT },
  ci: { variables: [TOKEN_VARIABLE] },
  init: { needs: 'a token', variables: [TOKEN_VARIABLE] },
  load: async () => (await import('./transport.js')).factory,
};

export default async function hook(): Promise<TransportDescriptor> {
  return descriptor;
}
