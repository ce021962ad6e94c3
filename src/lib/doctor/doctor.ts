import { systemClock, type Context } from '../context/context.js';
import { appChecks } from './app.js';
import { exitOf, failure, ok, runChecks, type Check, type CheckResult, type StillRunning } from './check.js';
import { certificateChecks, servedChecks } from './certificate.js';
import { guestChecks } from './guest.js';
import { localChecks } from './local.js';
import { registryChecks } from './registries.js';
import { secretChecks } from './secrets.js';
import { proxmoxChecks, type Findings } from './proxmox.js';
import { releaseCheck } from './release.js';
import { settingsCheck } from './settings.js';
import type { Diagnosis } from './results.js';

export interface DoctorOptions {
  /** The context, or why there is none. */
  readonly context: Context | { readonly problem: unknown };
  /** false: without looking into the VM. */
  readonly guest?: boolean;
  readonly signal: AbortSignal;
  readonly onResult: (result: CheckResult) => void;
  /** What is being waited for, each second. */
  readonly onWait?: (running: StillRunning) => void;
}

/** In the order they are told. */
const WITHOUT_CONFIG = [
  'repository',
  'compose',
  'proxmox',
  'placement',
  'privileges',
  'storage',
  'bridge',
  'tags',
  'templates',
  'room',
  'vm',
  'snapshots',
  'backups',
  'agent',
  'vm-ssh',
  'docker',
  'disk',
  'units',
  'notify',
  'data',
  'pull',
  'firewall',
  'proof',
  'clock',
  'release',
];

/** Checks everything that zebu depends on; a failed check does not end the run. */
export async function diagnose({ context, guest = true, signal, onResult, onWait }: DoctorOptions): Promise<Diagnosis> {
  const checks: Check[] = [...localChecks];
  if ('problem' in context) {
    checks.push({ id: 'config', needs: [], run: async () => failure(context.problem) });
    for (const id of WITHOUT_CONFIG)
      checks.push({ id, needs: ['config'], run: () => Promise.reject(new Error('needs the configuration')) });
  } else {
    const findings: Findings = {};
    const { app, proxmox } = context.config;
    checks.push(
      { id: 'config', needs: [], run: async () => ok(`app ${app.name}, transport ${proxmox.transport}`) },
      ...appChecks(context),
      settingsCheck(context),
      ...secretChecks(context),
      ...certificateChecks(context),
      ...proxmoxChecks(context, findings),
      ...(guest
        ? [
            ...guestChecks(context, findings),
            ...registryChecks(context),
            ...servedChecks(context),
            releaseCheck(context),
          ]
        : []),
    );
  }
  const results = await runChecks(checks, signal, onResult, {
    clock: systemClock,
    ...(onWait === undefined ? {} : { onWait }),
  });
  const exit = exitOf(results);
  return { healthy: exit === 0, exit, checks: results };
}
