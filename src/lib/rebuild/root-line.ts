import { sh } from '@zebu/kit';

/** A script as root whose standard input is its own: what goes through it may be large. */
export const rootLine = (script: string): string =>
  sh`if [ "$(id -u)" = 0 ]; then exec sh -c ${script}; else exec sudo -n sh -c ${script}; fi`;
