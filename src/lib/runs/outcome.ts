import { isZebuError, ZebuError, type ErrorCode } from '@zebu/kit';
import type { Cause } from '../app-folder/causes.js';
import { registryRemedy } from '../app-folder/registries.js';
import type { EndEvent } from './journal-stream.js';

/** Causes of a refusal that have an error of their own. */
const REFUSALS: Readonly<Partial<Record<Cause, ErrorCode>>> = {
  'no-space': 'NO_SPACE',
  'compose-invalid': 'COMPOSE_INVALID',
  'data-busy': 'LOCK_HELD',
  'data-conflict': 'COMPOSE_INVALID',
  'dump-damaged': 'DUMP_REFUSED',
  'dump-failed': 'DUMP_REFUSED',
  'dump-missing': 'DUMP_MISSING',
  'dump-unfit': 'DUMP_REFUSED',
  'offsite-away': 'OFFSITE_REFUSED',
  'offsite-denied': 'OFFSITE_REFUSED',
  'offsite-failed': 'OFFSITE_REFUSED',
  'offsite-missing': 'OFFSITE_REFUSED',
  'registry-away': 'REGISTRY_REFUSED',
  'registry-denied': 'REGISTRY_REFUSED',
  'registry-untrusted': 'REGISTRY_REFUSED',
  'secret-in-build': 'COMPOSE_INVALID',
  'volume-fixed': 'COMPOSE_INVALID',
};

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  NO_SPACE: 'zebu app:prune removes old releases and build cache; vm.disk_gb and vm:create make the disk larger.',
  DUMP_REFUSED: 'The app was not touched. To go on without a dump this once: --set deploy.dump=never',
  DEPLOY_REFUSED: 'The app was not touched. zebu app:follow shows the whole journal.',
};

function refused({ cause, reason }: EndEvent, details: Record<string, unknown>): ZebuError {
  const code = (cause === undefined ? undefined : REFUSALS[cause]) ?? 'DEPLOY_REFUSED';
  return new ZebuError(code, `The release was refused before anything was started: ${reason}`, {
    hint: registryRemedy(cause) ?? HINTS[code],
    details,
  });
}

/** Going back to a release does not take back what its migration did to the data. */
function aboutData({ migrated, dump }: EndEvent): string {
  if (!migrated) return '';
  if (dump === '') return ' Data was not rolled back: a migration of the release may have run.';
  return ` Data was not rolled back: a migration of the release may have run. The dump from just before it: zebu data:restore ${dump}`;
}

/** How a deploy ended, as the error it is; undefined for a release that went live. */
export function endError(
  end: EndEvent | undefined,
  id: string,
  evidence: readonly string[] = [],
): ZebuError | undefined {
  const why = end === undefined ? {} : { ...(end.cause === undefined ? {} : { cause: end.cause }), reason: end.reason };
  const data = end?.migrated === true ? { migrated: true, dump: end.dump === '' ? null : end.dump } : {};
  const details = { release: id, ...why, ...data, evidence: [...evidence] };
  switch (end?.verdict) {
    case 'live':
      return undefined;
    case 'refused':
      // As it was asked for.
      return end.cause === 'rehearsed' ? undefined : refused(end, details);
    case 'restored':
      return new ZebuError(
        'DEPLOY_RESTORED',
        `The release is not healthy: ${end.reason}. The previous release was restored and verified`,
        {
          hint: `See zebu app:releases; the app serves the previous release.${aboutData(end)}`,
          details,
        },
      );
    case 'unhealthy':
      return new ZebuError('DEPLOY_UNHEALTHY', `The app is not healthy: ${end.reason}`, {
        hint: `See zebu app:status and zebu app:logs.${aboutData(end)}`,
        details,
      });
    case undefined:
      return new ZebuError('OUTCOME_UNKNOWN', `The deploy in the VM was interrupted before it had a verdict`, {
        hint: 'zebu app:recover undoes or finishes it; so does the next deploy.',
        details,
      });
  }
}

/** What a broken connection or Ctrl-C means, depending on how far things were. */
export function brokenOff(
  error: unknown,
  state: { started: boolean; sent: boolean; own: boolean },
  id: string,
): unknown {
  if (!isZebuError(error) || (error.code !== 'UNREACHABLE' && error.code !== 'INTERRUPTED')) return error;
  if (!state.sent)
    return error.code === 'INTERRUPTED'
      ? new ZebuError(
          'INTERRUPTED',
          state.own
            ? 'Interrupted before the deploy began; nothing was changed'
            : 'You stopped watching; what runs in the VM goes on',
        )
      : error;
  const why = error.code === 'INTERRUPTED' ? 'You stopped watching' : error.message;
  return new ZebuError('OUTCOME_UNKNOWN', `${why}; the deploy goes on in the VM`, {
    hint: `Watch it: zebu app:follow ${id}`,
    details: { release: id, started: state.started },
    cause: error,
  });
}
