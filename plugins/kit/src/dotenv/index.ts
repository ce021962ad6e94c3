export * from './parse.js';
export { substitute } from './substitute.js';
export * from './write.js';
