/** What authors of plugins rely on. It changes as the versions of zebu say: see api.md, which a check compares. */
export {
  type DotenvEntry,
  dotenvReferences,
  DotenvSyntaxError,
  interpolateDotenv,
  parseDotenv,
} from './dotenv/parse.js';
export { editDotenv } from './dotenv/write.js';
export { type ErrorCode, type ErrorExtras, interrupted, isZebuError, ZebuError } from './errors.js';
export { type Ending, exits, type Exits } from './exits.js';
export { handledLater } from './handled-later.js';
export type {
  AfterEvent,
  BeforeEvent,
  Deployed,
  HookEvent,
  HookOptions,
  Moment,
  Operation,
  Operations,
  Outcome,
  ZebuHook,
} from './hooks.js';
export type { Io } from './io.js';
export { jumpHostOf } from './jump-host.js';
export { isPlaceholder } from './placeholder.js';
export type { ProgressEvent } from './progress.js';
export {
  API_VERSION,
  type SecretsHookResult,
  type SecretSourceDescriptor,
  type TransportAtInit,
  type TransportDeclaration,
  type TransportDescriptor,
  type TransportHookResult,
  type TransportInCi,
} from './providers.js';
export { pveError, type PveRefusal } from './pve-error.js';
export { commandLine, quote, sh, variables } from './quote.js';
export { Sensitive } from './redact.js';
export { type ResultDeclaration, resultOf, type ResultOf, type SchemaOf } from './result.js';
export type { ListedSecret, SecretSource, SecretSourceContext, SecretSourceFactory, Setting } from './secrets.js';
export type {
  BooleanKey,
  CommonSettings,
  ListKey,
  NumberKey,
  StringKey,
  TransportKey,
  TransportKeys,
  TransportSettings,
} from './transport-keys.js';
export type {
  Concern,
  ExecOptions,
  ExecResult,
  HostShell,
  JumpHost,
  Method,
  Transport,
  TransportContext,
  TransportFactory,
} from './transport.js';
export { waitingLine, type WaitingLine } from './waiting-line.js';
