import { variables, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { runSteps } from '../ui/steps.js';
import { shortNote } from '../app-folder/author.js';
import { appLayout } from '../app-folder/layout.js';
import { lockHeld } from '../app-folder/lock.js';
import { notDeployed } from '../app-folder/status.js';
import { LOCKED_STATUS, MISSING_STATUS } from '../app-folder/statuses.js';
import { removeScript } from '../units/scripts.js';
import DESTROY from './destroy.sh';
import type { Destroyed } from './results.js';

/** @param volumes also the data; see destroy.sh */
export function destroyScript(project: string, holder: string, volumes: boolean): string {
  const { base } = appLayout(project);
  const units = removeScript({ app: project, base });
  return variables({ base, project, holder, data_too: volumes ? 1 : 0, remove_units: units }) + DESTROY;
}

/** @param confirm asks before anything is removed. @throws APP_MISSING, LOCK_HELD, NEEDS_CONFIRMATION */
export async function destroyApp(context: Context, volumes: boolean, confirm: () => Promise<true>): Promise<Destroyed> {
  const { config, io, signal } = context;
  const { name } = config.app;
  await confirm();
  const note = shortNote(context, 'app:destroy');
  let found: readonly string[] = [];
  await runSteps(io, signal, [
    {
      title: `Remove ${name}${volumes ? ' and its data' : ''}`,
      run: async (report) => {
        report.update('finding and connecting to the VM');
        const { session } = await openGuest(context);
        report.update('stopping');
        let said = '';
        const { code, stdout } = await session.exec(
          { line: destroyScript(name, note, volumes) },
          {
            signal,
            timeoutMs: (config.deploy.timeout + 300) * 1000,
            onStderr: (text) => {
              said = text.trim().split('\n').at(-1) ?? said;
              if (said !== '') report.output(said);
            },
          },
        );
        if (code === MISSING_STATUS) throw notDeployed(name);
        if (code === LOCKED_STATUS) throw lockHeld(stdout);
        if (code !== 0) throw new ZebuError('VM_NOT_READY', `${name} could not be removed: ${said}`);
        found = stdout.split('\n').flatMap((line) => (line.startsWith('volume=') ? [line.slice(7)] : []));
      },
    },
  ]);
  return { app: name, changed: true, volumes: found, dataRemoved: volumes };
}
