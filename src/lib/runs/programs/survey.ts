import { sh, variables } from '@zebu/kit';
import type { AppLayout } from '../../app-folder/layout.js';
import { RECOVER_FILE, UNIT_FILE } from './boot.js';
import SURVEY from './survey.sh';

/** What the VM has, as `key=value` lines: one round trip before anything is sent. */
export const surveyScript = (layout: AppLayout): string =>
  variables({ base: layout.base, recover_file: RECOVER_FILE, unit_file: UNIT_FILE }) + SURVEY;

/**
 * Has a shell keep the runner that it surveys next open, as take-runner.sh looks for it: as long as that is the file that is
 * there, it is the one whose digest was told.
 */
export const holdRunner = ({ base }: AppLayout): string =>
  sh`[ ! -r ${`${base}/runner`} ] || exec 7<${`${base}/runner`}`;
