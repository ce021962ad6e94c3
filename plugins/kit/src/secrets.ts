import type { Io } from './io.js';
import type { Sensitive } from './redact.js';

export interface SecretSourceContext {
  readonly io: Io;
  readonly signal: AbortSignal;
  /** This source's own keys from the configuration's `secret_sources` entry; `use` is its id. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env: (name: string) => string | undefined;
  /** The folder of zebu.yml; relative paths are relative to it. */
  readonly root: string;
}

/** What a place holds beside secrets. */
export interface Setting {
  readonly value: string;
  /** Names whose values are part of it. */
  readonly refersTo: readonly string[];
}

/** A name that a source knows, without its value. */
export interface ListedSecret {
  readonly name: string;
  /** ISO 8601, when the source knows since when the value is what it is. */
  readonly updatedAt?: string;
}

/**
 * A place values come from, and, where it has `write`, a place `secrets:sync --to` may write to.
 *
 * Errors are ZebuErrors: CONFIG_INVALID with file and line for what cannot be parsed, CREDENTIAL_MISSING, AUTH_FAILED,
 * UNREACHABLE, SECRET_STORE_REFUSED for what the place says. No message may hold a value.
 */
export interface SecretSource {
  readonly id: string;
  /** For messages: `.env.production`, `GitHub Actions environment`. */
  readonly where: string;
  /** Reads named values. A name it does not have is absent from the map; it never invents one. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Sensitive>>;
  /**
   * What the place holds. Needed beside `write` when values cannot be read back; zebu then compares keyed digests of
   * what it wrote last with what it would write.
   */
  list?(): Promise<readonly ListedSecret[]>;
  /**
   * Everything the place holds with its values as Compose reads them, and the names each refers to (`${NAME}`): what is no
   * declared secret goes with the release as a plain setting. Undefined: there is no such place here, as in CI; what the
   * live release has is kept. None: what it holds goes with the commit. Only for a place that holds settings, too.
   */
  settings?(): Promise<ReadonlyMap<string, Setting> | undefined>;
  /** Sets values, leaving all others alone. Safe to repeat. */
  write?(values: ReadonlyMap<string, Sensitive>): Promise<void>;
  /** Removes names; one that is not there is no error. */
  remove?(names: readonly string[]): Promise<void>;
  /** False: what was written cannot be read back, as with GitHub. Default: true. */
  readonly readable?: boolean;
}

export interface SecretSourceFactory {
  open(context: SecretSourceContext): Promise<SecretSource>;
}
