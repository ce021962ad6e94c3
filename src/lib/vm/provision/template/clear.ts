import { isZebuError } from '@zebu/kit';
import { toZebuError } from '@zebu/kit/core';
import type { Context } from '../../../context/context.js';
import type { ProxmoxClient } from '../../../proxmox/client.js';
import { forgetMemo, type Memo } from '../../../temporary/memo.js';
import { clearAway, type Begun } from '../../../temporary/remove.js';

/** Removes what was begun. What cannot be removed now is remembered for the next run, and hides nothing of what has happened before. */
export async function clear(
  context: Context,
  client: ProxmoxClient,
  begun: readonly Begun[],
  memo: Pick<Memo, 'pid'>,
): Promise<void> {
  let left = false;
  for (const each of begun) {
    try {
      await clearAway(context, client, each);
    } catch (error) {
      // An id that somebody else has: then there was nothing of this run.
      if (isZebuError(error) && error.code === 'VM_DIFFERS') continue;
      left = true;
      context.io.warn(
        `VM ${each.place.vmid}, which was being made, could not be removed: ${toZebuError(error).message}; the next run tries again`,
      );
    }
  }
  if (!left) await forgetMemo(context, 'template', memo);
}
