export * from './parse.js';
export * from './write.js';
