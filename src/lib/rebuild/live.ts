import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { surveyApp } from '../app-folder/status.js';
import type { Context } from '../context/context.js';

/** The release that is live in the machine. @throws APP_MISSING */
export async function liveIn(context: Context, session: SshSession): Promise<string> {
  const { current } = await surveyApp(session, context);
  if (current === null)
    throw new ZebuError('APP_MISSING', 'Nothing is live that could be brought over', {
      hint: 'Deploy it: zebu app:deploy. Or make the VM anew: zebu vm:destroy, then zebu vm:create.',
    });
  return current;
}
