import { appStatus } from '../app-folder/status.js';
import type { Context } from '../context/context.js';
import type { AppStatusWithBackups } from './results.js';

/** What runs, and beside it how old its newest backup is. @throws APP_MISSING */
export async function statusWithBackups(context: Context): Promise<AppStatusWithBackups> {
  // What asks Proxmox is loaded where there is something to ask.
  const { enabled = false } = context.config.vm.backup ?? {};
  const [status, backup] = await Promise.all([
    appStatus(context),
    enabled ? import('../vm/backup/state.js').then(({ backupAge }) => backupAge(context)) : null,
  ]);
  return { ...status, backup };
}
