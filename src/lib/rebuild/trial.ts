import { variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import END_TRIAL from './end-trial.sh';
import { lastLine } from '../guest/lines.js';

/** As long as the services want. */
const MS = 1_300_000;

/** Stops the app where it was tried, with all it has written on the disk. @throws VM_NOT_READY */
export async function endTrial({ config, signal }: Context, session: SshSession): Promise<void> {
  const { name } = config.app;
  const line = variables({ base: appLayout(name).base, project: name }) + END_TRIAL;
  const { code, stderr } = await session.exec({ line }, { signal, timeoutMs: MS });
  if (code !== 0)
    throw new ZebuError(
      'VM_NOT_READY',
      `The app could not be stopped in the new VM after it was tried there: ${lastLine(stderr)}`,
    );
}
