import ENTER_TEXT from './enter.sh';
import JOB_TEXT from './job.sh';
import QM_TEXT from './qm.sh';
import WHIPTAIL_TEXT from './whiptail.sh';

/**
 * The small programs zebu puts beside the community's script on the host, for the time of one run. POSIX sh; the job's
 * folder is the parent of the one they are in.
 */

/** Printed by the script when it has made the VM. */
export const COMPLETED = 'Completed successfully';
/** Printed by the script when the image could not be given Docker, after which it goes on as if nothing were. */
export const WITHOUT_DOCKER = 'must be installed manually';

const program = (text: string): string => `#!/bin/sh${text}`;

export const WHIPTAIL = program(WHIPTAIL_TEXT);
export const QM = program(QM_TEXT);
export const ENTER = program(ENTER_TEXT);
export const JOB = program(JOB_TEXT);
