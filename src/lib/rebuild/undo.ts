import type { Place } from '../temporary/remove.js';
import { newNote, readNote, writeNote } from '../temporary/note.js';
import type { Context } from '../context/context.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readVm } from '../proxmox/observe.js';
import { copyTags, withForeign } from '../proxmox/ownership.js';
import { asideParams } from './exchange.js';
import { saysKept } from './notes.js';
import { setConfig } from './power.js';

/**
 * One that is the app's by its tags, but has not come to take the place of the other, which serves: it is again what it was before, one that
 * is kept, or one that is being made, with the same maker.
 */
export async function undoTaking(context: Context, client: ProxmoxClient, taker: Place, giver: Place): Promise<void> {
  const vm = await readVm(client, taker);
  const { tags, description } = vm.config;
  const app = context.config.app.name;
  const made = readNote(description);
  await setConfig(client, taker, {
    ...asideParams(app, vm, giver.vmid),
    ...(saysKept(description)
      ? {}
      : {
          tags: withForeign(copyTags(app, 'rebuild'), tags),
          description: writeNote({ ...newNote(context, 'rebuild', `VM ${giver.vmid}`), ...made }),
        }),
  });
}
