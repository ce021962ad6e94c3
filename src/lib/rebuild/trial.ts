import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import END_TRIAL from './end-trial.sh';
import { lastLine } from '../guest/lines.js';
import { servingAtBoot } from './serve-at-boot.js';

/** As long as the services want. */
const MS = 1_300_000;

/** Stops the app where it was tried, with all it has written on the disk; up again, the machine serves. @throws VM_NOT_READY */
export async function endTrial(context: Context, session: SshSession): Promise<void> {
  const line = servingAtBoot(context) + END_TRIAL;
  const { code, stderr } = await session.exec({ line }, { signal: context.signal, timeoutMs: MS });
  if (code !== 0)
    throw new ZebuError(
      'VM_NOT_READY',
      `The app could not be stopped in the new VM after it was tried there: ${lastLine(stderr)}`,
    );
}
