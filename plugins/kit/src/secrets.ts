import type { Io } from './io.js';
import type { Sensitive } from './redact.js';

export interface SecretSourceContext {
  readonly io: Io;
  readonly signal: AbortSignal;
  /** This source's own keys from the configuration's `secrets.sources` entry. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env: (name: string) => string | undefined;
  /** The folder of zebu.yml; relative paths are relative to it. */
  readonly root: string;
}

/** Reads named values. A name it does not have is absent from the map; it never invents one. */
export interface SecretSource {
  readonly id: string;
  /** For messages: `.env.production`, `GitHub Actions environment`. */
  readonly where: string;
  /** Throws ZebuError CONFIG_INVALID with file and line for what it cannot parse; values never appear in messages. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Sensitive>>;
}

export interface SecretSourceFactory {
  open(context: SecretSourceContext): Promise<SecretSource>;
}
