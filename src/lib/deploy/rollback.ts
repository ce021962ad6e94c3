import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context.js';
import type { Step } from '../ui/steps.js';
import { author } from './author.js';
import type { DeployResult } from './deploy.js';
import { carryOut, launch, newRun } from './launch.js';
import { appLayout } from './layout.js';
import { rollbackScript } from './receive/index.js';
import type { ReleaseId } from './release-id.js';
import { RUNNER } from './runner/index.js';

/** Makes a release live again that is still in the VM; nothing is built. */
export async function rollback(
  context: Context,
  options: { id: ReleaseId; previous: string | null; lockWait: number; session: SshSession; host: string },
): Promise<DeployResult> {
  const { config, signal, clock } = context;
  const layout = appLayout(config.app.name);
  const run = newRun();
  const first: Step = {
    title: `Go back to ${options.id}`,
    run: async () => {
      const script = rollbackScript({
        layout,
        id: options.id,
        mode: 'rollback',
        holder: JSON.stringify({
          ...author(context, ''),
          since: clock.now().toISOString(),
          id: options.id,
          ref: 'rollback',
        }),
        lockWait: options.lockWait,
        runnerSize: Buffer.byteLength(RUNNER),
      });
      await launch(options.session, signal, { script, parts: [RUNNER], pack: undefined }, run);
    },
  };
  const end = await carryOut(context, options.id, [first], run);
  return {
    release: options.id,
    ref: null,
    commit: null,
    previous: options.previous,
    seconds: end.seconds ?? 0,
    gaps: end.gaps,
    sentBytes: 0,
    host: options.host,
  };
}
