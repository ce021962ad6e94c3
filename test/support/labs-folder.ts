import { RUN_FOLDER } from './run-folder.js';

/** Where labs of tests have their state: in the folder of the run, which takes down those that are left (scripts/test/labs.ts). */
export const LABS = RUN_FOLDER;
