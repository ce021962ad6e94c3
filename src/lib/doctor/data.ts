import type { DataStatus } from '../app-folder/results.js';
import { formatSeconds } from '../ui/units.js';
import { ok, skip, warn, type Finding } from './check.js';

/** How old the newest dump is, and how the last attempt ended. @param wanted whether zebu.yml has the section `data` */
export function dataFinding(status: DataStatus | null, wanted: boolean): Finding {
  if (status === null || (status.newest === null && !status.tooOld && status.failed === null))
    return wanted
      ? warn('there is no dump yet', 'zebu data:dump')
      : skip('no dumps are made: there is no data in zebu.yml');
  const { newest, ageSeconds, tooOld, failed } = status;
  const said =
    newest === null ? 'there is no dump' : `the newest dump is ${formatSeconds(ageSeconds ?? 0)} old (${newest.id})`;
  if (failed !== null) return warn(`${said}; the last attempt failed: ${failed.reason}`, 'Try it: zebu data:dump');
  const late = newest === null ? 'and data.max_age is set' : 'which is more than data.max_age';
  if (tooOld) return warn(`${said}, ${late}`, 'zebu data:dump makes one; data.schedule has the VM make them by itself');
  return ok(said);
}
