import { variables } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { streamLines } from '../guest/lines.js';
import { openGuest } from '../guest/session.js';
import { openScreen } from '../ui/screen.js';
import { containersPart, containersValues, parseStatus } from '../app-folder/services.js';
import { topLines } from './status-text.js';
import { dockerSilent, notDeployed } from '../app-folder/status.js';
import type { TopView } from './results.js';
import TOP from './top.sh';

/** One view, or views until nobody reads them any more: each ends with a line `view=`. */
function topScript(project: string, every: number | undefined): string {
  if (every === undefined) return containersPart(project, true);
  return variables({ ...containersValues(project, true), every }) + TOP;
}

function toView(app: string, lines: readonly string[]): TopView {
  const { services, machine } = parseStatus(lines.join('\n'));
  if (services.length === 0) throw notDeployed(app);
  return { app, services, machine };
}

/** @throws APP_MISSING */
export async function topOnce(context: Context): Promise<TopView> {
  const { name } = context.config.app;
  const { session } = await openGuest(context);
  const { code, stdout, stderr } = await session.exec(
    { line: topScript(name, undefined) },
    { signal: context.signal, timeoutMs: 180_000 },
  );
  if (code !== 0) throw dockerSilent(stderr);
  return toView(name, stdout.split('\n'));
}

/** Redraws the terminal until q, Ctrl-C or the end of the connection. @returns the last view */
export async function topLive(context: Context, every: number): Promise<TopView> {
  const { config, signal, clock } = context;
  const { name } = config.app;
  const { session } = await openGuest(context);
  const screen = openScreen();
  const stop = AbortSignal.any([signal, screen.quit]);
  let pending: string[] = [];
  let last: TopView | undefined;
  try {
    await streamLines(session, topScript(name, every), stop, (lines) => {
      for (const line of lines) {
        if (line !== 'view=') {
          pending.push(line);
          continue;
        }
        last = toView(name, pending);
        pending = [];
        screen.draw([...topLines(last, clock.now(), context.io.width), '', 'q: quit']);
      }
    });
  } catch (error) {
    // The person left, which is how the command ends.
    if (!stop.aborted) throw error;
  } finally {
    screen.close();
  }
  return last ?? { app: name, services: [], machine: null };
}
