import { join } from 'node:path';
import { control } from '../../plugins/lab/src/instance/control.js';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import type { FaultRequest } from '../../plugins/lab/src/pve/faults.js';

/** Makes the next matching request or task of a lab go wrong. */
export async function fault(lab: LabReport, request: FaultRequest): Promise<void> {
  await control(join(lab.stateDir, 'control.sock'), 'POST', '/lab/faults', request);
}
