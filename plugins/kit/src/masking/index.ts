/** What the matcher of the VM is made of, so that it is the same as the client's. */
export { CONTROLS, DEPTH, ENTITIES, GRAM, PIECE, READINGS, VARIED } from './readings.js';
export { LIMITS } from './strength.js';
