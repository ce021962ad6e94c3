import { variables } from '@zebu/kit';
import { wantsDumpProofs } from '../../config/data-meaning.js';
import { ageSeconds } from '../../config/durations.js';
import type { Config } from '../../config/schema.js';
import INTENT from '../../runner/intent.sh';
import EVENT from '../../units/event.sh';
import type { Unit } from '../../units/unit.js';
import CHANGE from './change.awk';
import HEAL from './heal.sh';
import JUDGE from './judge.awk';
import LOOK from './look.sh';
import MAIN from './main.sh';
import ORDER_HEAL from './order-heal.sh';

type Watched = Pick<Config, 'app' | 'data' | 'prove' | 'watch'>;

/** Names the front proxy has certificates for that can be asked for by name. */
function domains({ proxy }: Config['app']): readonly string[] {
  if (proxy === undefined || proxy.tls === 'off') return [];
  return proxy.domains.filter((name) => !name.startsWith('*.'));
}

/** Functions and program, behind $app and $base. */
export function watchProgram({ app, data, watch, prove }: Watched): string {
  const values = {
    judge: JUDGE,
    change: CHANGE,
    disk: watch?.disk ?? 0,
    proof_age: prove.max_age === undefined ? 0 : ageSeconds(prove.max_age),
    prove_dumps: wantsDumpProofs(data) ? 1 : 0,
    heal: watch?.heal ?? 'never',
    domains: domains(app).join(' '),
    own_certificate: typeof app.proxy?.tls === 'object' && 'cert_file' in app.proxy.tls ? 1 : 0,
    https_port: app.proxy?.https_port ?? 443,
  };
  return [variables(values), EVENT, INTENT, LOOK, ORDER_HEAL, MAIN].join('');
}

export const healProgram = (): string => EVENT + HEAL;

/** The units that look at the live release, and restart what is sick; none where zebu.yml asks for none. */
export function watchUnits(config: Watched): readonly Unit[] {
  const { watch } = config;
  if (watch === undefined) return [];
  const look: Unit = {
    name: 'watch',
    summary: 'Look at the services',
    program: watchProgram(config),
    start: { every: watch.every },
    limit: 120,
    rights: 'docker',
    writes: ['watch', 'events'],
  };
  if (watch.heal === 'never') return [look];
  const heal: Unit = {
    name: 'watch-heal',
    summary: 'Restart services that are not healthy',
    program: healProgram(),
    start: { path: 'watch/heal' },
    limit: 900,
    rights: 'deploy',
    writes: ['watch', 'events'],
  };
  return [look, heal];
}
