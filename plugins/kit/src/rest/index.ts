export { outcomeUnknown } from './answer.js';
export { RestClient, type RestOptions } from './client.js';
export { openTls } from './tls.js';
export type { RestWire } from './wire.js';
