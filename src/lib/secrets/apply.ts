import { isZebuError, quote, sh, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import type { Cause } from '../app-folder/causes.js';
import type { Phases } from '../runs/journal-stream.js';
import { launch } from '../runs/launch.js';
import { appLayout } from '../app-folder/layout.js';
import { runnerPart } from '../runs/programs/runner-part.js';
import { lockPart, startPart, type Start } from '../runs/programs/start.js';
import { makeRunId, toReleaseId } from '../app-folder/release-id.js';
import { surveyApp } from '../app-folder/status.js';
import { carryOut, newRun } from '../runs/watch.js';
import { secretBundle, type SecretChanges } from './bundle.js';
import { secretsPart } from '../app-folder/secrets/scripts.js';
import { stamp } from './store.js';
import { readUsage } from './usage.js';
import type { SecretStore } from '../app-folder/secrets/versions.js';

const PHASES: Phases = [
  { title: 'Let the data follow', steps: ['start', 'heal', 'rotate'] },
  { title: 'Recreate what uses it', steps: ['start-up'] },
  { title: 'Verify', steps: ['verify', 'probe', 'commit'] },
];

export interface Applied {
  /** The version in force. */
  readonly version: number;
  /** Services that were recreated. */
  readonly services: readonly string[];
  /** Seconds it took in the VM. */
  readonly seconds: number;
}

/** Services that use any of the names. Compose recreates only what changed, so too many are harmless. */
async function affectedServices(
  context: Context,
  session: SshSession,
  names: readonly string[],
): Promise<readonly string[]> {
  const usage = await readUsage(context, session);
  if (usage !== undefined) return [...new Set(names.flatMap((name) => usage.get(name) ?? []))].toSorted();
  const { services } = await surveyApp(session, context);
  return [...new Set(services.filter(({ lasting }) => lasting).map(({ service }) => service))].toSorted();
}

/** What the runner sources: the services, and the commands that make the data follow. */
function applyFile(context: Context, names: readonly string[], services: readonly string[], why: string): string {
  const commands = names.flatMap((name) => {
    const rotate = context.config.secrets[name]?.rotate;
    return rotate === undefined || rotate === 'never' ? [] : [{ name, ...rotate }];
  });
  const lines = [
    `affected=${quote(services.join(' '))}`,
    `commands=${commands.length}`,
    `rotated=${quote(why === 'rotate' ? names.join(' ') : '')}`,
    ...commands.flatMap(({ name, service, command }, index) => [
      `name_${index + 1}=${name}`,
      `service_${index + 1}=${quote(service ?? '')}`,
      `command_${index + 1}=${quote(command)}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The words of a deploy's end, for a change of secrets. */
export function inWordsOfSecrets(error: unknown, names: readonly string[]): unknown {
  if (!isZebuError(error)) return error;
  const list = names.join(', ');
  if (error.code === 'DEPLOY_RESTORED') {
    const { cause, reason } = error.details ?? {};
    const said = typeof reason === 'string' ? reason : '';
    if (cause === ('interrupted' satisfies Cause)) {
      return new ZebuError('DEPLOY_RESTORED', `The new ${list} did not come into force: ${said}`, {
        hint: 'The value before is in force, and the app was verified with it. Run the command again.',
        details: { names },
      });
    }
    return new ZebuError('DEPLOY_RESTORED', `The app does not work with the new ${list}: ${said}`, {
      hint: 'The value before is in force again, and the app was verified with it.',
      details: { names },
    });
  }
  return error;
}

/**
 * Makes a version and brings the live release to it, as a transaction in the VM: data first, then the services that use
 * what changed, then the verdict; what does not become healthy is undone.
 * @throws DEPLOY_RESTORED, DEPLOY_UNHEALTHY, LOCK_HELD, OUTCOME_UNKNOWN
 */
export async function applyChanges(
  context: Context,
  session: SshSession,
  store: SecretStore & { readonly current: string },
  changes: SecretChanges,
  why: string,
): Promise<Applied> {
  const { config } = context;
  const names = [...changes.set.keys(), ...changes.remove];
  const release = toReleaseId(store.current);
  // A journal of its own.
  const id = makeRunId(context.clock.now(), release);
  const run = newRun(id);
  let services: readonly string[] = [];
  const end = await carryOut(context, run, {
    probing: false,
    phases: PHASES,
    first: [
      {
        title: `Store ${names.join(', ')} in the VM`,
        run: async (report) => {
          report.update('asking Compose which services use it');
          services = await affectedServices(context, session, names);
          const made = stamp(context, why);
          const bundle = secretBundle(store, changes, made);
          const runner = runnerPart();
          const start: Start = {
            layout: appLayout(config.app.name),
            id: release,
            run: id,
            mode: 'secrets',
            holder: JSON.stringify({
              ...made.author,
              since: made.at,
              id: release,
              run: id,
              ref: `secrets:${why}`,
            }),
            lockWait: config.deploy.lock_wait,
            over: release,
            runner,
          };
          const script = [
            lockPart(start),
            secretsPart({ size: Buffer.byteLength(bundle), expected: store.latest, staged: true }),
            sh`{ printf 'version=%s\n' "$version"; printf '%s' ${applyFile(context, names, services, why)}; } >shared/secrets/apply
`,
            startPart(start),
          ].join('');
          await launch(context, session, { script, parts: [await runner.input(), bundle], pack: undefined }, run);
          report.done(services.length === 0 ? 'no service uses it' : `used by ${services.join(', ')}`);
        },
      },
    ],
  }).catch((error: unknown) => {
    throw inWordsOfSecrets(error, names);
  });
  return { version: store.latest + 1, services, seconds: end.seconds ?? 0 };
}
