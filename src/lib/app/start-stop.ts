import { commandLine, isZebuError, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { runSteps } from '../ui/steps.js';
import { shortNote } from '../app-folder/author.js';
import { checkLink, warnOfLink } from '../app-folder/current-link.js';
import { appLayout } from '../app-folder/layout.js';
import type { StartStop } from './results.js';
import { checkServices, isWell, notDeployed, surveyApp } from '../app-folder/status.js';
import { lockHeld } from '../app-folder/lock.js';
import { LOCKED_STATUS } from '../app-folder/statuses.js';
import ASK_STARTING from './ask-starting.sh';
import START_STOP from './start-stop.sh';
import { stateWord } from '../app-folder/services.js';
import type { ServiceState } from '../app-folder/results.js';
import { lastLine } from '../guest/lines.js';

const TITLES = { start: 'Start', stop: 'Stop', restart: 'Restart' } as const;

function startStopScript(
  project: string,
  action: StartStop['action'],
  services: readonly string[],
  holder: string,
): string {
  return (
    variables({ base: appLayout(project).base, project, action, holder }) +
    `set -- ${commandLine(services)}\n` +
    START_STOP
  );
}

/** Waits until every service is as it should be. @throws DEPLOY_UNHEALTHY */
async function waitHealthy(
  context: Context,
  session: SshSession,
  onWait: (text: string) => void,
): Promise<readonly ServiceState[]> {
  const { clock, signal, config } = context;
  const started = clock.elapsed();
  for (;;) {
    const { services, missing } = await surveyApp(session, context);
    const bad = services.filter(({ verdict }) => verdict === 'bad');
    const waiting = services.filter(({ verdict }) => verdict === 'waiting');
    const late = clock.elapsed() - started > config.deploy.timeout * 1000;
    if (bad.length === 0 && waiting.length === 0) {
      if (missing.length === 0) return services;
      // Compose starts what there is; to make a container anew is a deploy's.
      throw new ZebuError(
        'DEPLOY_UNHEALTHY',
        `There is no container of ${missing.join(', ')}: somebody has removed it`,
        {
          hint: 'Deploy the release that is live once more, which makes it: zebu app:deploy.',
        },
      );
    }
    if (bad.length > 0 || late) {
      const words = (bad.length > 0 ? bad : waiting).map(
        (each) =>
          `${each.service} is ${stateWord(each)}${each.state === 'exited' ? ` with code ${each.exitCode}` : ''}`,
      );
      throw new ZebuError('DEPLOY_UNHEALTHY', `The app is not healthy: ${words.join('; ')}`, {
        hint: 'See zebu app:logs.',
      });
    }
    onWait(`waiting for ${waiting.map(({ service }) => service).join(', ')}`);
    // Docker asks for the first time when the interval of the check is over.
    const asking = variables({ base: appLayout(config.app.name).base, project: config.app.name }) + ASK_STARTING;
    await session.exec({ line: asking }, { signal, timeoutMs: 120_000 }).catch((error: unknown) => {
      // It only saves time.
      if (!isZebuError(error) || signal.aborted) throw error;
    });
    await clock.sleep(500, signal);
  }
}

/** Starts, stops or restarts services of the live release. @throws APP_MISSING, SERVICE_UNKNOWN, LOCK_HELD */
export async function startStop(
  context: Context,
  action: StartStop['action'],
  services: readonly string[],
): Promise<StartStop> {
  const { session } = await openGuest(context);
  const { name } = context.config.app;
  const before = await surveyApp(session, context);
  // What runs can be stopped without knowing what is live; what is started again should be that.
  if (action === 'stop') warnOfLink(context, before.link);
  else checkLink(name, before.link);
  if (before.services.length === 0) throw notDeployed(name);
  checkServices(services, before.services);
  // A one-shot has done its work; starting everything must not run a migration again.
  const ran = new Set(before.recorded?.filter(({ lasting }) => lasting).map(({ service }) => service));
  const lasting = before.services
    .filter((each) => each.lasting || each.state === 'running' || ran.has(each.service))
    .map(({ service }) => service);
  const chosen = services.length > 0 ? services : [...new Set(lasting)];
  const note = shortNote(context, `app:${action}`);
  let after: readonly ServiceState[] = [];
  await runSteps(context.io, context.signal, [
    {
      title: `${TITLES[action]} ${services.length === 0 ? name : services.join(', ')}`,
      run: async (report) => {
        const { code, stdout } = await session.exec(
          { line: startStopScript(name, action, chosen, note) },
          { signal: context.signal, timeoutMs: (context.config.deploy.timeout + 60) * 1000 },
        );
        if (code === LOCKED_STATUS) throw lockHeld(stdout);
        if (code !== 0) throw new ZebuError('DEPLOY_UNHEALTHY', `docker compose ${action} failed: ${lastLine(stdout)}`);
        after =
          action === 'stop'
            ? (await surveyApp(session, context)).services
            : await waitHealthy(context, session, (text) => report.update(text));
      },
    },
  ]);
  return { action, healthy: after.every(({ verdict }) => isWell(verdict)), services: after };
}
