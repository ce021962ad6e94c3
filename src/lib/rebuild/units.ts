import { sh, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { runAsRoot } from '../guest/as-root.js';
import ENABLE from './enable-units.sh';
import type { Surveyed } from './survey.js';
import { UNITS_NOTE } from './units-note.js';

const MS = 120_000;

const noteOf = (context: Context): string => `${appLayout(context.config.app.name).base}/${UNITS_NOTE}`;

/**
 * What systemd is to start there once it serves; in the new VM, so that also who carries an interrupted rebuild to its end knows. Written
 * after the last of the data, which takes away what the old VM has not. @throws VM_NOT_READY
 */
export async function noteUnits(context: Context, to: SshSession, { units }: Surveyed): Promise<void> {
  const names = units.filter(({ enabled }) => enabled).map(({ file }) => file);
  const { code, stderr } = await to.exec(
    { line: sh`printf '%s\\n' ${names} >${noteOf(context)}` },
    { signal: context.signal, timeoutMs: 60_000 },
  );
  if (code !== 0)
    throw new ZebuError(
      'VM_NOT_READY',
      `What the new VM is to start by itself could not be noted there: ${stderr.trim()}`,
    );
}

/** Has systemd start what it started in the machine before: the files were brought with the data. @throws VM_NOT_READY */
export async function bringUnits(context: Context, session: SshSession): Promise<void> {
  const { io, signal } = context;
  const values = { note: noteOf(context), systemd: '/run/systemd/system' };
  await runAsRoot(session, variables(values) + ENABLE, { io, signal, timeoutMs: MS });
}
