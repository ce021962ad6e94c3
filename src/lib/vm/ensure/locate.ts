import { ZebuError } from '@zebu/kit';
import { pinsFor, staticAddress, uuidOf } from '../../guest/address.js';
import type { Pin } from '../../guest/pin.js';
import type { Step } from '../../ui/steps.js';
import { waitForAddress, waitForHostKeys } from '../../proxmox/agent.js';
import type { QemuConfig } from '../../proxmox/answers.js';
import { expand } from '../../config/expand.js';
import { readVm } from '../../proxmox/observe.js';
import { macOf } from '../../proxmox/properties.js';
import { waitUntilReady, type Ensuring } from './ensuring.js';

/** Other keys than the pinned ones are an alarm for the same machine; a pin of another machine is only out of date. */
function checkPin(pin: Pin | undefined, uuid: string, vmid: number, keys: readonly string[]): void {
  if (pin === undefined || pin.uuid !== uuid || pin.vmid !== vmid) return;
  if (keys.some((key) => pin.hostKeys.includes(key))) return;
  throw new ZebuError('HOST_KEY_CHANGED', `The SSH host key of VM ${vmid} is not the one pinned on this machine`, {
    hint: 'If its keys were renewed on purpose, remove the pin with `zebu vm:destroy` or delete it below the state folder; otherwise find out why.',
  });
}

/** Read by an earlier step already, in the usual case. */
async function configured({ inspected, target }: Ensuring): Promise<QemuConfig> {
  return inspected?.current ?? (await readVm(target.client, target)).config;
}

export function locateStep(ensuring: Ensuring): Step {
  const { context, target } = ensuring;
  const { config } = context;
  const pins = pinsFor(context, target.client);
  return {
    title: 'Find its address and pin its host key, through the agent',
    run: async (report) => {
      const found = await configured(ensuring);
      const mac = macOf(found['net0']);
      if (mac === undefined) throw new ZebuError('VM_DIFFERS', `VM ${target.vmid} has no network interface net0`);
      const waiting = waitUntilReady(ensuring, report);
      const [host, hostKeys] = await Promise.all([
        waitForAddress(target, mac, waiting, ensuring.interfaces),
        waitForHostKeys(target, waiting),
      ]);
      const wanted = staticAddress(context);
      if (wanted !== undefined && wanted !== host) {
        throw new ZebuError(
          'VM_DIFFERS',
          `VM ${target.vmid} has the address ${host}, not ${wanted} as vm.network.address wants`,
          { hint: 'A VM gets its address when it starts: zebu vm:apply --restart' },
        );
      }
      const { vmid } = target;
      const uuid = uuidOf({ vmid, config: found });
      checkPin(await pins.read(), uuid, vmid, hostKeys);
      await pins.write({ app: config.app.name, vmid, uuid, mac, hostKeys: [...hostKeys] });
      ensuring.address = {
        vmid: target.vmid,
        node: target.node,
        host,
        port: config.vm.ssh_port,
        user: config.vm.user,
        identityFile: config.vm.identity_file === undefined ? undefined : expand(config.vm.identity_file, context.root),
        hostKeys,
        knownHostsFile: pins.knownHostsFile,
      };
      report.done(host);
    },
  };
}
