import { tmpdir } from 'node:os';

/** What belongs to a run of tests and not to one of them is here, and goes with the run. */
export const RUN_FOLDER = process.env['ZEBU_TEST_RUN'] || tmpdir();
