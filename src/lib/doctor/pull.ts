import type { Context } from '../context/context.js';
import type { SeenPull } from '../pull/read.js';
import { formatSeconds } from '../ui/units.js';
import { fail, ok, skip, warn, type Finding } from './check.js';

/** Looks that may be missing before it is said. */
const MISSING_LOOKS = 3;
/** Seconds that a look may take by itself. */
const SLACK = 120;

const CODES = {
  'host-key-changed': 'HOST_KEY_CHANGED',
  'key-refused': 'AUTH_FAILED',
  untrusted: 'TLS_UNTRUSTED',
} as const;

/** What the last look of pull deploys left; the git server is not asked again. */
export function pullFinding({ config }: Pick<Context, 'config'>, seen: SeenPull | undefined): Finding {
  if (seen === undefined)
    return config.pull === undefined
      ? skip('the VM does not deploy by itself')
      : warn('zebu.yml says how the VM deploys by itself, and it does not', 'zebu pull:enable');
  const { looked, trouble, every, time, repository } = seen;
  const said =
    looked === null ? 'not looked yet' : `looked ${formatSeconds(Math.max(0, time - looked.at))} ago: ${looked.why}`;
  if (trouble !== null) {
    const code = CODES[trouble.cause as keyof typeof CODES] ?? 'UNREACHABLE';
    return fail(code, `${repository ?? ''}: ${said}`, 'What the VM has, its public key too: zebu pull:status');
  }
  if (looked === null || time - looked.at > MISSING_LOOKS * (every ?? 0) + SLACK)
    return warn(said, 'Its timer does not start it: zebu vm:apply puts the units right.');
  if (looked.state === 'refused' || looked.state === 'failed')
    return warn(said, 'All that was refused, and why: zebu pull:status');
  return ok(`the git server lets it in; ${said}`);
}
