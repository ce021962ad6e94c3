import type { ErrorCode } from './errors.js';
import type { Io } from './io.js';

/**
 * What a plugin can hook into: the four operations that change what runs. A plugin names a file for
 * `zebu:before-<operation>` or `zebu:after-<operation>` under `oclif.hooks` of its package.json; the file's default
 * export is a `ZebuHook`.
 *
 * - `before`: called with nothing changed yet. Throwing refuses the operation (HOOK_REFUSED, exit 6), and so does a hook
 *   that cannot be loaded or takes longer than 60 s: a guard that does not work must not let through.
 * - `after`: told how it ended, whichever way. Failing is a warning; the operation has its outcome. It has 30 s, and 2 s
 *   when the user interrupted.
 */
export interface Operations {
  create: {
    /** Name of the VM. Not called for a dry run. */
    readonly input: { readonly name: string };
    readonly result: {
      readonly vmid: number;
      readonly node: string;
      readonly name: string;
      /** Null when it is not known. */
      readonly ip: string | null;
      /** False when the VM was there and needed nothing. */
      readonly changed: boolean;
    };
  };
  deploy: {
    readonly input: {
      /** For people: `v1.2`, `main`, `working tree`. */
      readonly ref: string;
      readonly kind: 'branch' | 'commit' | 'dirty' | 'tag';
      /** 40 hex digits; null where it is not known yet. */
      readonly commit: string | null;
    };
    readonly result: Deployed;
  };
  rollback: {
    readonly input: { /** Release id; null for the last verified one. */ readonly release: string | null };
    readonly result: Deployed;
  };
  rotate: {
    /** Names only; values are never handed to hooks. */
    readonly input: { readonly names: readonly string[] };
    readonly result: { readonly names: readonly string[]; readonly release: string | null };
  };
}

export interface Deployed {
  readonly release: string;
  readonly ref: string | null;
  readonly commit: string | null;
  /** The release that was live before; null for the first. */
  readonly previous: string | null;
  readonly seconds: number;
  /** Address of the VM. */
  readonly host: string;
}

export type Operation = keyof Operations;
export type Moment = 'after' | 'before';

interface EventBase<O extends Operation> {
  /** API_VERSION of the zebu that sends it. */
  readonly contract: number;
  readonly operation: O;
  /** The same for `before` and `after` of one run. */
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly app: string;
  /** `--env`; null without one. */
  readonly environment: string | null;
  /** `app.url`; null without one. */
  readonly url: string | null;
  readonly input: Operations[O]['input'];
}

export interface BeforeEvent<O extends Operation> extends EventBase<O> {
  readonly moment: 'before';
}

export type Outcome<O extends Operation> =
  | { readonly ok: true; readonly result: Operations[O]['result'] }
  | {
      readonly ok: false;
      readonly error: { readonly code: ErrorCode; readonly exit: number; readonly message: string };
    };

export interface AfterEvent<O extends Operation> extends EventBase<O> {
  readonly moment: 'after';
  readonly seconds: number;
  readonly outcome: Outcome<O>;
}

export type HookEvent<M extends Moment, O extends Operation> = M extends 'before' ? BeforeEvent<O> : AfterEvent<O>;

export interface HookOptions<M extends Moment, O extends Operation> {
  readonly event: HookEvent<M, O>;
  readonly io: Io;
  /** Aborts when the hook's time is up, and when the user interrupts a `before` hook. */
  readonly signal: AbortSignal;
  /** A variable of the environment; undefined when unset or empty. */
  readonly env: (name: string) => string | undefined;
}

/** The default export of a hook file, as in `const hook: ZebuHook<'after', 'deploy'> = async ({ event }) => {…}`. */
export type ZebuHook<M extends Moment, O extends Operation> = (options: HookOptions<M, O>) => Promise<void> | void;

/** The oclif hook that carries it. */
export const hookName = (moment: Moment, operation: Operation): string => `zebu:${moment}-${operation}`;
