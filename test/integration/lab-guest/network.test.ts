import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { deviceNames } from '../../../plugins/lab/src/net/devices.js';
import { networkDown, networkIsUp, networkUp, sweepDevices } from '../../../plugins/lab/src/net/network.js';
import { run } from '../../../plugins/lab/src/guest/process.js';
import { bench, type Bench } from './machine.js';

describe.skipIf(process.getuid?.() !== 0)("a lab's network", () => {
  let machine: Bench;

  beforeEach(async () => {
    machine = await bench(42);
  });
  afterEach(async () => {
    await machine.remove();
  });

  it('has the machine on it, and can be brought up again after a crash', async () => {
    expect(await run(['ip', '-4', '-brief', 'address', 'show', machine.network.bridge])).toContain('10.98.42.1/24');
    await networkUp(machine.network);
    expect(await networkIsUp(machine.network)).toBe(true);
  });

  it('goes down without a trace, twice', async () => {
    await networkDown(machine.network);
    await networkDown(machine.network);
    expect(await networkIsUp(machine.network)).toBe(false);
    expect(await deviceNames()).not.toContain(machine.network.bridge);
  });

  it("sweeps up its own lab's devices and nobody else's", async () => {
    await run(['ip', 'tuntap', 'add', 'dev', machine.spec.nics[0]?.hostDevice ?? '', 'mode', 'tap']);
    const removed = await sweepDevices(machine.instance);
    expect(removed.sort()).toEqual([machine.network.bridge, machine.spec.nics[0]?.hostDevice].sort());
    expect(await deviceNames()).toContain('lo');
  });
});
