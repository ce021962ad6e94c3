import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { runSteps } from '../ui/steps.js';
import { runDumps, seeData, valueOf } from './ask.js';
import type { Dumped } from './results.js';
import { dataTrouble } from './trouble.js';

/** Makes a dump now, and copies it off the VM where that is set up. @throws DUMP_REFUSED, NO_SPACE, LOCK_HELD, OFFSITE_REFUSED, APP_MISSING */
export async function makeDump(context: Context, options: { readonly dryRun: boolean }): Promise<Dumped> {
  const { session } = await openGuest(context);
  const { name } = context.config.app;
  const copies = context.config.data?.offsite !== undefined;
  if (options.dryRun) {
    const { stores } = await seeData(session, context, { offsite: false });
    return { app: name, dump: null, stores, offsite: copies ? false : null };
  }
  let stdout = '';
  let code: number | null = 0;
  await runSteps(context.io, context.signal, [
    {
      title: `Dump the data of ${name}`,
      run: async (report) => {
        const onLine = (line: string): void => {
          if (line.startsWith('at=')) report.update(line.slice('at='.length));
        };
        ({ stdout, code } = await runDumps(session, context, 'dump', { onLine }));
        if (code === 75)
          throw dataTrouble('No dump was made', 'data-busy', 'another dump, a restore or a deploy is under way');
        const reason = valueOf(stdout, 'reason');
        if (reason !== undefined) throw dataTrouble('No dump was made', valueOf(stdout, 'cause'), reason);
      },
    },
  ]);
  const id = valueOf(stdout, 'dump');
  const problem = valueOf(stdout, 'offsite_reason');
  if (problem !== undefined)
    throw dataTrouble(
      `The dump ${id ?? ''} was made, but not copied off the VM`,
      valueOf(stdout, 'offsite_cause'),
      problem,
    );
  const { stores, dumps } = await seeData(session, context, { offsite: false });
  const made = dumps.find((each) => each.id === id) ?? null;
  return {
    app: name,
    dump: made === null ? null : { ...made, offsite: copies ? true : null },
    stores,
    offsite: copies ? valueOf(stdout, 'offsite') === '1' : null,
  };
}
