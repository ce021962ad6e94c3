import type { SecretSourceFactory } from './secrets.js';
import type { TransportFactory } from './transport.js';

/** Raised when the contracts change in a way that breaks a plugin. */
export const API_VERSION = 1;

/** oclif hooks a plugin answers with its descriptors; nothing heavy is imported until `load`. */
export const TRANSPORT_HOOK = 'zebu:transports';
export const SECRETS_HOOK = 'zebu:secret-sources';

interface Descriptor<Kind extends string, Factory> {
  readonly kind: Kind;
  /** What `proxmox.transport` or `secrets.sources[].use` names. Unique among installed plugins. */
  readonly id: string;
  readonly apiVersion: number;
  /** One line for `zebu providers`. */
  readonly summary: string;
  readonly load: () => Promise<Factory>;
}

export interface TransportDescriptor extends Descriptor<'transport', TransportFactory> {
  readonly capabilities: { readonly hostShell: boolean };
}

export type SecretSourceDescriptor = Descriptor<'secrets', SecretSourceFactory>;

/** What both hooks return: one descriptor or several. */
export type TransportHookResult = TransportDescriptor | readonly TransportDescriptor[];
export type SecretsHookResult = SecretSourceDescriptor | readonly SecretSourceDescriptor[];
