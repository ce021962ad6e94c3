import { variables, ZebuError } from '@zebu/kit';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { parseFacts } from '../guest/facts.js';
import { openGuest } from '../guest/session.js';
import { removeUnits } from '../guest/units.js';
import { runSteps } from '../ui/steps.js';
import type { PullDisabled } from './results.js';
import { POLL_UNIT, RUN_UNIT } from './units.js';
import DISABLE from './disable.sh';

const DISABLE_MS = 120_000;

/** Has the VM deploy no more by itself; what is live stays. @throws VM_NOT_READY */
export async function disablePull(context: Context, dryRun: boolean): Promise<PullDisabled> {
  const { config, io, signal } = context;
  const { name } = config.app;
  const { base } = appLayout(name);
  const steps = [
    `stop and remove zebu-${POLL_UNIT}@${name} and zebu-${RUN_UNIT}@${name} in the VM`,
    'remove the deploy key, the pinned host key and what was seen of the repository',
  ];
  let facts: ReadonlyMap<string, string> = new Map();
  if (!dryRun)
    await runSteps(io, signal, [
      {
        title: `Let the VM deploy ${name} no more by itself`,
        run: async (report) => {
          report.update('finding and connecting to the VM');
          const { session } = await openGuest(context);
          report.update('removing its units');
          await removeUnits(session, { app: name, base }, { io, signal, timeoutMs: DISABLE_MS }, [POLL_UNIT, RUN_UNIT]);
          const { stdout, stderr, code } = await session.exec(
            { line: variables({ base }) + DISABLE },
            { signal, timeoutMs: DISABLE_MS },
          );
          if (code !== 0) throw new ZebuError('VM_NOT_READY', `Not all could be removed in the VM: ${stderr.trim()}`);
          facts = parseFacts(stdout);
        },
      },
    ]);
  return { app: name, changed: facts.has('removed'), dryRun, key: facts.get('key') ?? null, steps };
}
