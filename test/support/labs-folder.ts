import { tmpdir } from 'node:os';

/** Where labs of tests have their state: in the folder of the run, which takes down those that are left (scripts/test/labs.ts). */
export const LABS = process.env['ZEBU_TEST_RUN'] || tmpdir();
