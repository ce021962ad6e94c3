import type { Config as OclifConfig } from '@oclif/core';
import type { Io, Transport, ZebuError } from '@zebu/kit';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';

/** Time, handed in so that waiting can be tested. */
export interface Clock {
  now(): Date;
  /** Milliseconds that never go backwards. */
  elapsed(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Everything a command may touch, made once and handed down. */
export interface Context {
  readonly config: Config;
  readonly loaded: LoadedConfig;
  /** Folder of zebu.yml; relative paths in the configuration are relative to it. */
  readonly root: string;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** A variable of the environment; undefined when unset or empty. */
  readonly env: (name: string) => string | undefined;
  readonly oclif: OclifConfig;
  /** Folder for what zebu remembers on this machine, such as host key pins; made by who writes first. */
  readonly stateDir: string;
  /** The one connection to Proxmox of this command, made on first use and closed with it. */
  readonly transport: () => Promise<Transport>;
  /** The error to end with from here on, if the process has to exit before the command has ended: `the deploy goes on`. */
  readonly setForcedExitError?: (error: ZebuError) => void;
  /** Runs when the command ends, however it ends. */
  readonly onClose: (close: () => Promise<void> | void) => void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  // What `performance` brings along takes as long to load as a connection takes to be asked for.
  elapsed: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const fail = (): void => {
        clearTimeout(timer);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', fail);
        resolve();
      }, ms);
      if (signal?.aborted === true) fail();
      else signal?.addEventListener('abort', fail, { once: true });
    }),
};
