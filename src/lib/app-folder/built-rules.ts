import { deriveRules } from '../config/derive-rules.js';
import { containerLine as container } from './container-schema.js';
import { releaseRecord } from './history-schema.js';
import { holderNote } from './holder-schema.js';
import { dumpProof, proof } from './proof-schemas.js';
import { versionRecord } from './secrets/version-schema.js';

/** Lines that the VM has, as rules, which are worked out by the build: whoever reads one does without the library of schemas. */
export const containerLine = deriveRules(container, 'a container');
export const releaseLine = deriveRules(releaseRecord, 'a release');
export const holderLine = deriveRules(holderNote, 'a note of the lock');
export const proofLine = deriveRules(proof, 'a proof');
export const dumpProofLine = deriveRules(dumpProof, 'a proof of a dump');
export const secretVersionLine = deriveRules(versionRecord, 'a version of secrets');
