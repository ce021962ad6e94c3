import { readFileSync } from 'node:fs';

/** A program for the host, which lies beside the code, without what is said at its top for who reads it. */
export const programText = (file: string): string =>
  readFileSync(new URL(file, import.meta.url), 'utf8').replace(/^(?:#.*\n)+/, '');
