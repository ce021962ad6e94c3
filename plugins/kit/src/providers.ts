import type { SecretSourceFactory } from './secrets.js';
import type { TransportKeys } from './transport-keys.js';
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

/** What zebu.yml may say of a transport. Data alone, as zebu keeps that of its own transports from the time it was built. */
export interface TransportDeclaration {
  readonly id: string;
  /** Its keys in the section `proxmox`. One that several transports declare is the same key, and has to be of one type. */
  readonly keys?: TransportKeys;
  /** What `proxmox.host` may be besides an address, such as `an alias of ~/.ssh/config`. */
  readonly host?: { readonly or: string };
  /** Where it connects to when `proxmox.port` is not set; `or`: what may say so instead. */
  readonly port?: { readonly default: number; readonly or?: string };
}

/** What a workflow in CI hands over so that the transport works there; `zebu ci:init` writes it. */
export interface TransportInCi {
  /** Secrets of the repository that are kept in files, whose path a key such as `identity_file` takes. */
  readonly files?: readonly { readonly secret: string; readonly file: string; readonly key: string }[];
  /** Secrets of the repository that are handed over as variables of the same name. */
  readonly variables?: readonly string[];
}

/** What `zebu init` does for who begins with the transport. */
export interface TransportAtInit {
  /** What one needs for it, such as `a token`, told to who may choose it. */
  readonly needs?: string;
  /** Variables that it logs in with: where all of them are set, it is chosen. */
  readonly variables?: readonly string[];
  /** Keys that are best filled in by hand: written into zebu.yml as comments, `key: example   # where`. */
  readonly later?: readonly { readonly key: string; readonly example: string; readonly where: string }[];
  /** Hosts that this machine knows and that look like Proxmox: offered as `proxmox.host`. */
  readonly hosts?: (env: (name: string) => string | undefined) => Promise<readonly string[]>;
}

export interface TransportDescriptor extends Descriptor<'transport', TransportFactory>, TransportDeclaration {
  readonly capabilities: { readonly hostShell: boolean };
  readonly ci?: TransportInCi;
  readonly init?: TransportAtInit;
}

export type SecretSourceDescriptor = Descriptor<'secrets', SecretSourceFactory>;

/** What both hooks return: one descriptor or several. */
export type TransportHookResult = TransportDescriptor | readonly TransportDescriptor[];
export type SecretsHookResult = SecretSourceDescriptor | readonly SecretSourceDescriptor[];
