import { requirePrivilege } from '../access.js';
import { died } from '../fault.js';
import { checkParams } from '../params.js';
import { route, type Route } from '../router.js';
import { TIMEFRAMES, type Timeframe } from '../statistics.js';
import { vmidOf, vmPath } from './common.js';

export const statisticsRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/qemu/{vmid}/rrddata', async (call) => {
    const vmid = vmidOf(call);
    requirePrivilege(call.caller, vmPath(vmid), 'VM.Audit');
    const { timeframe, cf } = checkParams(call.raw, {
      timeframe: { type: 'string', required: true, values: TIMEFRAMES },
      cf: { type: 'string', values: ['AVERAGE', 'MAX'] },
    });
    const rows = call.node.statistics.rows(
      vmid,
      timeframe as Timeframe,
      cf === 'MAX' ? 'MAX' : 'AVERAGE',
      Date.now() / 1000,
    );
    // Nobody looks whether the VM exists; only its statistics are asked for.
    if (rows === undefined)
      throw died(`RRD error: opening '/var/lib/rrdcached/db/pve2-vm/${vmid}': No such file or directory`);
    return rows;
  }),
];
