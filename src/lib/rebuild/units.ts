import { variables } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { runAsRoot } from '../guest/as-root.js';
import ENABLE from './enable-units.sh';

const MS = 120_000;

/** In the app's folder of the new machine: units that are to be enabled once it serves. */
export const UNITS_NOTE = 'rebuild-units';

/** Has systemd start what it started in the machine before: the files were brought with the data. @throws VM_NOT_READY */
export async function bringUnits(context: Context, session: SshSession): Promise<void> {
  const { io, signal, config } = context;
  const note = `${appLayout(config.app.name).base}/${UNITS_NOTE}`;
  await runAsRoot(session, variables({ note }) + ENABLE, { io, signal, timeoutMs: MS });
}
