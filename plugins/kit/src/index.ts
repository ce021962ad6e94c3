export * from './console.js';
export * from './envelope.js';
export * from './errors.js';
export type * from './io.js';
export * from './providers.js';
export * from './quote.js';
export * from './redact.js';
export type * from './secrets.js';
export type * from './transport.js';
