import { acceptedJson, type RulesOf } from '../config/rules.js';
import { dumpProofLine, proofLine } from './built-rules.js';
import type { DumpProofs, Proofs } from './proof-schemas.js';

const both = <T>(
  rules: RulesOf<T>,
  proven: string | undefined,
  last: string | undefined,
): { proven: T | null; last: T } | null => {
  // Not where it is cut off, or of a newer zebu.
  const latest = acceptedJson(last, rules);
  return latest === undefined ? null : { proven: acceptedJson(proven, rules) ?? null, last: latest };
};

/** Of the last line that is good, and the last of all. */
export const toProofs = (proven: string | undefined, last: string | undefined): Proofs => both(proofLine, proven, last);
export const toDumpProofs = (proven: string | undefined, last: string | undefined): DumpProofs =>
  both(dumpProofLine, proven, last);

/** Whether one that proves something; also of a newer zebu. */
export const isGood = (line: string): boolean => line.includes('"proven":true');
