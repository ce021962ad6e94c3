import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import { runSteps } from '../ui/steps.js';
import { formatBytes } from '../ui/units.js';
import { nodesAnswer } from '../proxmox/answers.js';
import { toNodeName } from '../proxmox/ids.js';
import { runLongTask } from '../proxmox/long-task.js';
import { findAppVm, type AppVm } from './app-vm.js';
import { parseAnswer } from '../proxmox/parse.js';
import type { Migrated } from './results.js';

/** Moving the VM to another node of the cluster: Proxmox does it, zebu asks first whether it can. */

const number = z.coerce.number();
const flag = z.union([z.boolean(), number.transform((value) => value !== 0)]);

/** An empty Perl hash may come as an empty list. */
const hash = z.union([
  z.record(z.string(), z.unknown()),
  z.array(z.never()).transform((): Record<string, unknown> => ({})),
]);

export const preconditionsAnswer = z.object({
  running: flag.default(false),
  allowed_nodes: z.array(z.string()).optional(),
  not_allowed_nodes: hash.default({}),
  local_disks: z
    .array(z.object({ volid: z.string(), size: number.optional(), cdrom: flag.optional(), is_unused: flag.optional() }))
    .default([]),
  local_resources: z.array(z.string()).default([]),
});
export type Preconditions = z.infer<typeof preconditionsAnswer>;

export interface MigrateOptions {
  readonly target: string;
  readonly withLocalDisks: boolean;
}

function reasons(why: unknown): string {
  if (typeof why !== 'object' || why === null) return 'Proxmox does not say why';
  return Object.entries(why)
    .map(
      ([key, value]) =>
        `${key.replaceAll(/[_-]/g, ' ')}: ${Array.isArray(value) ? value.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(', ') : JSON.stringify(value)}`,
    )
    .join('; ');
}

/** @throws MIGRATE_REFUSED with what stands in the way, as Proxmox's own preconditions tell it */
export function checkMigration(facts: Preconditions, vmid: number, { target, withLocalDisks }: MigrateOptions): void {
  const refuse = (message: string, hint: string): never => {
    throw new ZebuError('MIGRATE_REFUSED', message, { hint });
  };
  const blocked = facts.not_allowed_nodes[target];
  if (blocked !== undefined)
    refuse(
      `VM ${vmid} cannot go to ${target}: ${reasons(blocked)}`,
      'Make the storage available there, or choose another node.',
    );
  if (facts.local_resources.length > 0) {
    refuse(
      `VM ${vmid} uses devices of its node: ${facts.local_resources.join(', ')}`,
      'Take them out of the VM first; a passed-through device cannot move.',
    );
  }
  // The cloud-init drive is made anew on the other node.
  const disks = facts.local_disks.filter((disk) => disk.cdrom !== true && !/cloudinit/.test(disk.volid));
  if (facts.running && disks.length > 0 && !withLocalDisks) {
    const named = disks.map(({ volid, size }) => `${volid}${size === undefined ? '' : ` (${formatBytes(size)})`}`);
    refuse(
      `VM ${vmid} is running, and its disks are on storages of its own node: ${named.join(', ')}`,
      'Give --with-local-disks to copy them while it runs, or stop it first.',
    );
  }
}

async function checkTarget({ client, vm }: AppVm, target: string): Promise<void> {
  const nodes = parseAnswer(nodesAnswer, await client.request('GET', '/nodes'), 'the list of nodes');
  const found = nodes.find(({ node }) => node === target);
  if (found === undefined) {
    throw new ZebuError('USAGE', `There is no node ${target} in the cluster`, {
      hint:
        nodes.length === 1 ? `${vm.node} is the only one.` : `There is ${nodes.map(({ node }) => node).join(', ')}.`,
    });
  }
  if (found.status === 'offline') throw new ZebuError('MIGRATE_REFUSED', `The node ${target} is offline`);
}

/** Moves the VM; running it stays, stopped it stays. @throws USAGE, MIGRATE_REFUSED */
export async function migrateVm(context: Context, options: MigrateOptions): Promise<Migrated> {
  const appVm = await findAppVm(context);
  const { client, vm, name } = appVm;
  const { target } = options;
  const result = { vmid: vm.vmid, name, from: vm.node, to: target };
  if (vm.node === target) return { changed: false, ...result, online: false };
  await checkTarget(appVm, toNodeName(target));
  const path = `/nodes/${vm.node}/qemu/${vm.vmid}/migrate`;
  const facts = parseAnswer(
    preconditionsAnswer,
    await client.request('GET', path, { target }),
    'whether the VM can move',
  );
  checkMigration(facts, vm.vmid, options);
  const online = facts.running;
  await runSteps(context.io, context.signal, [
    {
      title: `Move VM ${vm.vmid} (${name}) from ${vm.node} to ${target}, ${online ? 'running' : 'stopped'}`,
      run: (report) =>
        runLongTask(
          context,
          client,
          {
            node: vm.node,
            vmid: vm.vmid,
            type: 'qmigrate',
            target: toNodeName(target),
            label: `moving VM ${vm.vmid} to ${target}`,
            send: () =>
              client.request('POST', path, {
                target,
                ...(online ? { online: 1 } : {}),
                ...(online && options.withLocalDisks ? { 'with-local-disks': 1 } : {}),
              }),
          },
          report,
        ),
    },
  ]);
  return { changed: true, ...result, online };
}
