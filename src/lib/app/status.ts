import { appStatus } from '../app-folder/status.js';
import type { Context } from '../context/context.js';
import { backupAge } from '../vm/backup/state.js';
import type { AppStatusWithBackups } from './results.js';

/** What runs, and beside it how old its newest backup is. @throws APP_MISSING */
export async function statusWithBackups(context: Context): Promise<AppStatusWithBackups> {
  const [status, backup] = await Promise.all([appStatus(context), backupAge(context)]);
  return { ...status, backup };
}
