import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { makeClient } from '../proxmox/client.js';
import { readVm } from '../proxmox/observe.js';
import type { AppVm } from '../vm/app-vm.js';
import { findLeftovers } from '../temporary/leftovers.js';

/** The clone that a rehearsal has left for a look. @throws VM_MISSING */
export async function leftRehearsal(context: Context): Promise<AppVm> {
  const client = await makeClient(await context.transport(), context.io);
  const { name } = context.config.app;
  const [left] = (await findLeftovers(client, name, 'rehearsal')).filter(({ kept }) => kept);
  if (left === undefined)
    throw new ZebuError('VM_MISSING', `There is no clone of a rehearsal of the app ${name}`, {
      hint: 'zebu app:rehearse --keep leaves one.',
    });
  const vm = await readVm(client, left.place);
  return { client, vm, name: vm.config['name'] ?? String(vm.vmid) };
}
