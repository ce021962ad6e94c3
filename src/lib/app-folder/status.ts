import { ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { openGuest, type Guest } from '../guest/session.js';
import { linkProblem } from './current-link.js';
import { dataStatus } from './data.js';
import { findDrift } from './drift.js';
import { parseHistory } from './history.js';
import { appLayout } from './layout.js';
import { parseHolder, type Holder } from './lock.js';
import { notDeployed } from './missing.js';
import { parseStatus, statusScript, type AppSurvey } from './services.js';
import { appUrl } from './urls.js';
import type { AppStatus, Interrupted, LiveRelease, Probation, ServiceState } from './results.js';
import { lastLine } from '../guest/lines.js';

export { checkServices, notDeployed } from './missing.js';

/** @param options `usage`: also what everything uses, which may take a moment more */
export async function surveyApp(
  session: SshSession,
  context: Context,
  options: { readonly usage?: boolean } = {},
): Promise<AppSurvey> {
  const { name } = context.config.app;
  const { base } = appLayout(name);
  const { code, stdout, stderr } = await session.exec(
    { line: statusScript(base, name, options.usage === true) },
    { signal: context.signal, timeoutMs: 180_000 },
  );
  if (code !== 0) throw dockerSilent(stderr);
  const survey = parseStatus(stdout);
  // Names of services and containers are no secrets: output shows them even when a secret has the same value.
  context.io.redactor.spare(...survey.services.flatMap(({ service, container }) => [service, container]));
  return survey;
}

/** @param stderr of what asked it; the last line says why */
export function dockerSilent(stderr: string): ZebuError {
  const why = lastLine(stderr) || 'it gave no reason';
  return new ZebuError('DOCKER_MISSING', `Docker in the VM does not answer: ${why}`, {
    hint: 'Look at it: zebu vm:ssh -- systemctl status docker',
  });
}

/** @param text what the runner wrote of itself: `tx_phase=switch tx_mode=deploy tx_id=…` */
export function parseOpen(text: string | undefined): Interrupted | null {
  if (text === undefined || text === '') return null;
  const value = (name: string): string => new RegExp(`\\btx_${name}=(\\S*)`).exec(text)?.[1] ?? '';
  return { release: value('id'), run: value('run'), phase: value('phase'), previous: value('previous') || null };
}

function parseProbation(text: string | undefined, live: string | null): Probation | null {
  const [release = '', left = '', previous = ''] = text?.split(' ') ?? [];
  return release === '' || release !== live ? null : { release, secondsLeft: Number(left), previous };
}

const UNKNOWN_HOLDER: Holder = { who: 'somebody', from: 'unknown', since: 'unknown', ref: 'unknown', id: '' };

/** As it should be, or as somebody asked it to be. */
export const isWell = (verdict: ServiceState['verdict']): boolean => verdict === 'good' || verdict === 'stopped';

/** @param records lines of the history about it, oldest first; changes of its secrets are among them */
function liveRelease(records: readonly string[]): LiveRelease | null {
  const went = parseHistory(records.join('\n')).findLast(
    ({ verdict, mode }) => verdict === 'live' && mode !== 'secrets' && mode !== 'data',
  );
  if (went === undefined) return null;
  const { ref, commit, subject, who, started, seconds } = went;
  return { ref, commit, subject, since: new Date((started + seconds) * 1000).toISOString(), by: who };
}

/** What a deployed app looks like right now. @throws APP_MISSING */
export async function appStatus(context: Context): Promise<AppStatus> {
  return appStatusIn(await openGuest(context), context);
}

/** The same over a connection that is there. @throws APP_MISSING */
export async function appStatusIn({ session, address }: Guest, context: Context): Promise<AppStatus> {
  const survey = await surveyApp(session, context, { usage: true });
  const { app } = context.config;
  const ports = survey.services.flatMap(({ ports: all }) => all);
  const broken = linkProblem(app.name, survey.link);
  if (survey.current === null && survey.services.length === 0 && survey.lastRecord === undefined)
    throw notDeployed(app.name);
  return {
    app: app.name,
    healthy:
      broken === null &&
      survey.missing.length === 0 &&
      survey.services.length > 0 &&
      survey.services.every(({ verdict }) => isWell(verdict)),
    release: broken === null ? survey.current : null,
    live: liveRelease(survey.liveRecords),
    probation: parseProbation(survey.probation, survey.current),
    broken,
    last: survey.lastRecord === undefined ? null : (parseHistory(survey.lastRecord)[0] ?? null),
    deploying: survey.holder === undefined ? null : (parseHolder(survey.holder) ?? UNKNOWN_HOLDER),
    interrupted: parseOpen(survey.open),
    host: address.host,
    url: appUrl(app, ports, address.host),
    services: survey.services,
    drift: survey.recorded === null ? null : findDrift(survey.recorded, survey.services),
    machine: survey.machine,
    watch: survey.watch,
    proofs: survey.proofs,
    dumpProofs: survey.dumpProofs,
    data: dataStatus(survey.dumps, context.config.data?.max_age),
  };
}
