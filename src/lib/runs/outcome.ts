import { isZebuError, ZebuError } from '@zebu/kit';
import type { EndEvent } from './follow.js';

function refused({ step, reason }: EndEvent, details: Record<string, unknown>): ZebuError {
  if (/no space left/i.test(reason)) {
    return new ZebuError('NO_SPACE', `The release was refused before anything was started: ${reason}`, {
      hint: 'zebu app:prune removes old releases and build cache; vm.disk_gb and vm:create make the disk larger.',
      details,
    });
  }
  if (step === 'check' && !reason.includes('deploy.min_memory_mb')) {
    return new ZebuError('COMPOSE_INVALID', `The release was refused before anything was started: ${reason}`, {
      details,
    });
  }
  return new ZebuError('DEPLOY_REFUSED', `The release was refused before anything was started: ${reason}`, {
    hint: 'The app was not touched. zebu app:follow shows the whole journal.',
    details,
  });
}

/** How a deploy ended, as the error it is; undefined for a release that went live. */
export function endError(
  end: EndEvent | undefined,
  id: string,
  evidence: readonly string[] = [],
): ZebuError | undefined {
  const details = { release: id, ...(end === undefined ? {} : { reason: end.reason }), evidence: [...evidence] };
  switch (end?.verdict) {
    case 'live':
      return undefined;
    case 'refused':
      return refused(end, details);
    case 'restored':
      return new ZebuError(
        'DEPLOY_RESTORED',
        `The release is not healthy: ${end.reason}. The previous release was restored and verified`,
        {
          hint: 'See zebu app:releases; the app serves the previous release.',
          details,
        },
      );
    case 'unhealthy':
      return new ZebuError('DEPLOY_UNHEALTHY', `The app is not healthy: ${end.reason}`, {
        hint: 'See zebu app:status and zebu app:logs.',
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
export function brokenOff(error: unknown, state: { started: boolean; sent: boolean }, id: string): unknown {
  if (!isZebuError(error) || (error.code !== 'UNREACHABLE' && error.code !== 'INTERRUPTED')) return error;
  if (!state.sent)
    return error.code === 'INTERRUPTED'
      ? new ZebuError('INTERRUPTED', 'Interrupted before the deploy began; nothing was changed')
      : error;
  const why = error.code === 'INTERRUPTED' ? 'You stopped watching' : error.message;
  return new ZebuError('OUTCOME_UNKNOWN', `${why}; the deploy goes on in the VM`, {
    hint: `Watch it: zebu app:follow ${id}`,
    details: { release: id, started: state.started },
    cause: error,
  });
}
