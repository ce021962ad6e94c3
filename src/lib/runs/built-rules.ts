import { deriveRules } from '../config/derive-rules.js';
import * as schemas from './journal-schemas.js';

/** Lines of a journal as rules, which are worked out by the build. */
export const stepLine = deriveRules(schemas.stepLine, 'a step');
export const outputLine = deriveRules(schemas.outputLine, 'a line of output');
export const endLine = deriveRules(schemas.endLine, 'an end');
