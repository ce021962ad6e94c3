/** What zebu itself needs besides. No plugin may rely on it: it changes whenever zebu does. */
export {
  annotationPlace,
  type CiReport,
  inActions,
  inert,
  isRegularFile,
  workflowCommand,
  writeReport,
} from './actions.js';
export { type Console, type ConsoleSettings, createConsole, isOn, processConsole } from './console.js';
export { dotenvEntries } from './dotenv/parse.js';
export { substitute } from './dotenv/substitute.js';
export { dotenvLine, dotenvValue } from './dotenv/write.js';
export {
  type CommandOutcome,
  ENVELOPE_SCHEMA,
  failure,
  type FailureEnvelope,
  success,
  type SuccessEnvelope,
  toZebuError,
} from './envelope.js';
export { ERROR_CODES, EXIT } from './errors.js';
export { hookName } from './hooks.js';
export { isCommon, SHORTEST_MASKED, type Strength, strengthOfValue } from './masking/strength.js';
export { nearest } from './nearest.js';
export { oneLine } from './one-line.js';
export { joined, jsonLine, printable, type Printable, shown, styled, write } from './printable.js';
export { eventOf, EVENTS_SCHEMA } from './progress.js';
export { SECRETS_HOOK, TRANSPORT_HOOK } from './providers.js';
export { isForbidden, lockHint, missingRight, type MissingRight, pveForbidden } from './pve-error.js';
export { MASK, Redactor } from './redact.js';
export { hasStream, type Output, standard, withoutStreams } from './standard-output.js';
export * as masking from './masking/index.js';
