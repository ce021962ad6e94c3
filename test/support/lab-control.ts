import { join } from 'node:path';
import { afterAll } from 'vitest';
import { control } from '../../plugins/lab/src/instance/control.js';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import type { FaultRequest } from '../../plugins/lab/src/pve/faults.js';

const troubled = new Set<string>();

/** Makes the next matching request or task of a lab go wrong. What nothing of this file has met is taken back at its end. */
export async function fault(lab: Pick<LabReport, 'stateDir'>, request: FaultRequest): Promise<void> {
  const socket = join(lab.stateDir, 'control.sock');
  troubled.add(socket);
  await control(socket, 'POST', '/lab/faults', request);
}

// The next file of the same lab would meet it. A lab of the file's own may be gone by now.
afterAll(async () => {
  for (const socket of troubled) await control(socket, 'DELETE', '/lab/faults').catch(() => undefined);
  troubled.clear();
});
