import { ZebuError, type AfterEvent, type HookOptions } from '@zebu/kit';

type Event = AfterEvent<'deploy' | 'rollback'>;

/** One JSON object, with a `text` that chat systems show as it is. */
export function message(event: Event): Record<string, unknown> {
  const { app, environment, operation, outcome, seconds, time, url } = event;
  const where = environment === null ? app : `${app} (${environment})`;
  const text = outcome.ok
    ? `${where}: ${outcome.result.ref ?? outcome.result.release} is live${url === null ? '' : ` at ${url}`} after ${seconds} s`
    : `${where}: the ${operation} failed: ${outcome.error.message}`;
  return { text, app, environment, operation, outcome, seconds, time };
}

/** Posts to ZEBU_NOTIFY_URL; without it there is nobody to tell. */
export default async function notify({ event, env, signal }: HookOptions<'after', 'deploy' | 'rollback'>): Promise<void> {
  const url = env('ZEBU_NOTIFY_URL');
  if (url === undefined) return;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message(event)),
    signal,
  });
  // The address often holds a token, so it is not named.
  if (!answer.ok) throw new ZebuError('UNREACHABLE', `the webhook answered ${answer.status}`);
}
