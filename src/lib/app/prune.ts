import { variables, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { runSteps } from '../ui/steps.js';
import { shortNote } from '../app-folder/author.js';
import { brokenLink } from '../app-folder/current-link.js';
import { appLayout, type AppLayout } from '../app-folder/layout.js';
import { lockHeld } from '../app-folder/lock.js';
import { BROKEN_STATUS, LOCKED_STATUS, MISSING_STATUS, OPEN_STATUS } from '../app-folder/statuses.js';
import { runnerPart } from '../runs/programs/runner-part.js';
import { notDeployed } from '../app-folder/status.js';
import PRUNE from './prune-part.sh';
import type { Pruned } from './results.js';
import { lastLine } from '../guest/lines.js';

export interface PruneOptions {
  /** Verified releases to keep; undefined for deploy.keep. */
  readonly keep: number | undefined;
  /** GB of build cache to keep; undefined for deploy.build_cache_gb. */
  readonly buildCacheGb: number | undefined;
}

export function pruneScript(layout: AppLayout, holder: string, { keep, buildCacheGb }: Required<PruneOptions>): string {
  return (
    variables({
      base: layout.base,
      holder,
      keep: keep ?? '',
      build_cache: buildCacheGb === undefined ? '' : `${buildCacheGb}GB`,
      ...runnerPart().values,
    }) + PRUNE
  );
}

function parsePruned(stdout: string): Pruned {
  const values = (name: string): readonly string[] =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
  return {
    removed: values('removed'),
    freedMb: Number(values('freed_mb')[0] ?? 0),
    freeMb: Number(values('free_mb')[0] ?? 0),
  };
}

/** Removes what no rollback needs: old releases, their images, build cache. @throws APP_MISSING, LOCK_HELD */
export async function prune(context: Context, options: PruneOptions): Promise<Pruned> {
  const { session } = await openGuest(context);
  const { name } = context.config.app;
  const limits = {
    keep: options.keep ?? context.config.deploy.keep,
    buildCacheGb: options.buildCacheGb ?? context.config.deploy.build_cache_gb,
  };
  let pruned: Pruned = { removed: [], freedMb: 0, freeMb: 0 };
  await runSteps(context.io, context.signal, [
    {
      title: 'Remove old releases, images and build cache',
      run: async (report) => {
        const { code, stdout, stderr } = await session.exec(
          { line: pruneScript(appLayout(name), shortNote(context, 'app:prune'), limits) },
          { signal: context.signal, timeoutMs: 1_200_000, stdin: await runnerPart().input() },
        );
        if (code === LOCKED_STATUS) throw lockHeld(stdout);
        if (code === MISSING_STATUS) throw notDeployed(name);
        if (code === BROKEN_STATUS) throw brokenLink(name);
        if (code === OPEN_STATUS)
          throw new ZebuError('OUTCOME_UNKNOWN', 'A deploy was interrupted in the VM; nothing was removed', {
            hint: 'First: zebu app:recover',
          });
        if (code !== 0) throw new ZebuError('VM_NOT_READY', `Nothing was removed: ${lastLine(stderr)}`);
        pruned = parsePruned(stdout);
        report.done(`${pruned.freedMb} MiB freed`);
      },
    },
  ]);
  return pruned;
}
