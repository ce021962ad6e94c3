import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { makeClient } from '../proxmox/client.js';
import { isHandover } from '../proxmox/ownership.js';
import { runSteps } from '../ui/steps.js';
import { vmTask } from '../vm/app-vm.js';
import { nothing } from './nothing.js';
import { putBack, unhealthy } from './back.js';
import { machineAt, turnOff } from './power.js';
import type { Rebuilt } from './results.js';
import { placeOfRow, readStand, settle } from './stand.js';
import { steadily } from './steady.js';

/** The machine that is kept of a rebuild: gone back to, or removed. */

type Confirm = (what: string, name: string) => Promise<boolean>;

/** Goes back to the machine before; of a rebuild that was interrupted, too. @throws REBUILD_UNHEALTHY */
export async function rebuildBack(context: Context, confirm: Confirm): Promise<Rebuilt> {
  const { clock, config } = context;
  const app = config.app.name;
  const began = clock.elapsed();
  const client = await makeClient(await context.transport(), context.io);
  const { current, behind, former } = await readStand(client, app);
  const [before] = [...behind, ...former];
  if (before === undefined || current === undefined) {
    if (current !== undefined) await settle(context, client);
    return nothing('back', 0);
  }
  const from = placeOfRow(before);
  const to = placeOfRow(current);
  await confirm(
    `This stops VM ${to.vmid} and serves ${app} from VM ${from.vmid} again, with the data as it was when VM ${to.vmid} took its place`,
    app,
  );
  const host = await steadily(context, (steady, own) =>
    putBack(steady, own, { app, from, to }, 'former').catch((error: unknown) => {
      throw unhealthy({ app, from, to }, new ZebuError('VM_DIFFERS', 'it was to be gone back from it'), error);
    }),
  );
  return {
    ...nothing('back', Math.round((clock.elapsed() - began) / 100) / 10),
    verdict: 'live',
    from: to,
    to: from,
    kept: to,
    address: { before: null, now: host },
  };
}

/** Destroys the machine that is kept. */
export async function forgetFormer(context: Context, confirm: Confirm): Promise<Rebuilt> {
  const { io, signal, clock, config } = context;
  const app = config.app.name;
  const began = clock.elapsed();
  const client = await makeClient(await context.transport(), context.io);
  const { current, former } = await readStand(client, app);
  const [row] = former;
  if (row === undefined) return nothing('forget', 0);
  if (current === undefined || isHandover(current.tags))
    throw new ZebuError(
      'VM_DIFFERS',
      `VM ${row.vmid} is what can be gone back to: the rebuild has not come to its end`,
      {
        hint: 'zebu vm:rebuild carries it to its end, --back goes back.',
      },
    );
  const place = placeOfRow(row);
  const machine = await machineAt(client, place);
  await confirm(
    `This destroys VM ${place.vmid} (${machine.name}), as it was before VM ${current.vmid} took its place, with its disks`,
    machine.name,
  );
  await runSteps(io, signal, [
    { title: `See that VM ${place.vmid} is off`, run: (report) => turnOff(context, client, place, report) },
    {
      title: `Destroy VM ${place.vmid} and its disks`,
      run: (report) =>
        vmTask(context, machine, report, {
          method: 'DELETE',
          path: '',
          params: { purge: 1, 'destroy-unreferenced-disks': 1 },
          task: 'qmdestroy',
          label: `destroying VM ${place.vmid}`,
        }),
    },
  ]);
  return {
    ...nothing('forget', Math.round((clock.elapsed() - began) / 100) / 10),
    verdict: 'live',
    from: place,
    to: placeOfRow(current),
  };
}
