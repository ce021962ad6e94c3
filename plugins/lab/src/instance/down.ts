import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { end, loadRef } from '../guest/process.js';
import { NamespaceBackend } from '../guest/namespace.js';
import { QemuBackend } from '../guest/qemu.js';
import { shellDown } from '../host/shell.js';
import { networkDown, sweepDevices } from '../net/network.js';
import { bridgeDevice } from '../net/devices.js';
import { LabNode } from '../pve/node.js';
import { PVE_VERSIONS } from '../pve/versions.js';
import { StateFile } from '../pve/state.js';
import { control } from './control.js';
import type { Layout } from './layout.js';
import { nodeNames, readSettings, type LabSettings } from './settings.js';
import { labNetwork, requireRootOnDebian } from './up.js';
import type { DownReport } from './results.js';

/** Guests whose daemon is gone: ended from here, by what their run folders say. */
async function stopOrphans(layout: Layout, settings: LabSettings): Promise<void> {
  if (!existsSync(layout.state)) return;
  const backend =
    settings.guests === 'qemu' ? new QemuBackend({ accel: 'tcg' }) : new NamespaceBackend({ rootfs: '/nonexistent' });
  const node = new LabNode(
    {
      nodes: nodeNames(settings),
      version: PVE_VERSIONS[settings.pve ?? '8'],
      instanceId: settings.instanceId,
      stateDir: layout.stateDir,
      bridges: { vmbr0: bridgeDevice(settings.instanceId) },
      address: `${settings.prefix}.1/24`,
      fingerprint: '',
      labImage: undefined,
    },
    new StateFile(layout.state),
    backend,
  );
  for (const [id, record] of Object.entries(node.file.state.vms))
    await backend.stop(node.carrier(record).spec(Number(id), record));
}

/** Ends everything of a lab and removes its state. The image cache stays unless asked otherwise. */
export async function labDown(
  layout: Layout,
  options: { purgeCache: boolean; log: (line: string) => void },
): Promise<DownReport> {
  requireRootOnDebian();
  const settings = await readSettings(layout.settings);
  if (settings !== undefined) {
    options.log('stopping guests');
    try {
      await control(layout.control, 'POST', '/lab/stop-guests', {}, 60_000);
    } catch {
      await stopOrphans(layout, settings);
    }
    options.log('stopping the node');
    const daemon = await loadRef(layout.daemonRef);
    if (daemon !== undefined) await end(daemon, 3000);
    await shellDown(layout);
    await networkDown(labNetwork(layout, settings));
    await sweepDevices(settings.instanceId);
    await unmountBelow(layout.stateDir);
    await rm(layout.stateDir, { recursive: true, force: true });
  }
  if (options.purgeCache) await rm(layout.cacheDir, { recursive: true, force: true });
  return { name: layout.name, existed: settings !== undefined, imagesRemoved: options.purgeCache };
}

/** Refuses to remove a folder that something is still mounted in: its files would be removed with it. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const prefix = join(folder, '/');
  const mounted = mounts
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(prefix));
  if (mounted.length > 0) throw new Error(`still mounted: ${mounted.join(', ')}`);
}
