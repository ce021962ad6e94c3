import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import type { Step } from '../ui/steps.js';
import { author } from '../app-folder/author.js';
import type { DeployResult } from './results.js';
import { launch } from '../runs/launch.js';
import { appUrl } from '../app-folder/urls.js';
import { appLayout } from '../app-folder/layout.js';
import { rollbackScript } from '../runs/programs/index.js';
import { runnerPart } from '../runs/programs/runner-part.js';
import { makeRunId, type ReleaseId } from '../app-folder/release-id.js';
import { PHASES } from '../runs/journal-stream.js';
import { carryOut, newRun } from '../runs/watch.js';

/** Nothing is built. */
const ROLLBACK = PHASES.map((phase, index) => (index === 0 ? { ...phase, title: 'Look at what is there' } : phase));

interface RollbackOptions {
  readonly id: ReleaseId;
  readonly previous: string | null;
  readonly lockWait: number;
  readonly session: SshSession;
  readonly host: string;
  /** `rebuild`: the live release is started in another machine. */
  readonly mode?: 'rebuild' | 'rollback';
}

/** Makes a release live again that is still in the VM; nothing is built. */
export async function rollback(context: Context, options: RollbackOptions): Promise<DeployResult> {
  const { mode = 'rollback' } = options;
  const { config, clock } = context;
  const layout = appLayout(config.app.name);
  // A run of its own: the journal of the deploy stays as it is.
  const journal = makeRunId(clock.now(), options.id);
  const run = newRun(journal);
  const first: Step = {
    title: mode === 'rebuild' ? `Start the release ${options.id}` : `Go back to ${options.id}`,
    run: async () => {
      const runner = runnerPart();
      const script = rollbackScript({
        layout,
        id: options.id,
        run: journal,
        mode,
        holder: JSON.stringify({
          ...author(context, ''),
          since: clock.now().toISOString(),
          id: options.id,
          run: journal,
          ref: `${mode} ${mode === 'rebuild' ? 'with' : 'to'} ${options.id}`,
        }),
        lockWait: options.lockWait,
        over: options.lockWait === 0 ? options.previous : undefined,
        runner,
      });
      await launch(context, options.session, { script, parts: [await runner.input()], pack: undefined }, run);
    },
  };
  const end = await carryOut(context, run, { first: [first], probing: true, phases: ROLLBACK });
  return {
    release: options.id,
    ref: null,
    commit: null,
    previous: options.previous,
    seconds: end.seconds ?? 0,
    gaps: end.gaps,
    sentBytes: 0,
    probation: 0,
    secrets: [],
    host: options.host,
    url: appUrl(config.app, end.ports, options.host),
    verdict: 'live',
    plan: null,
  };
}
