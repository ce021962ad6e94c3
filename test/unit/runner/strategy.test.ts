import { describe, expect, it } from 'vitest';
import CONFIG from '../../../src/lib/runner/config.sh';
import ROLLING from '../../../src/lib/runner/rolling.sh';
import STRATEGY from '../../../src/lib/runner/strategy.sh';
import { inEachShell, runIn } from '../../support/shells.js';
import { inEachVmShell } from '../../support/vm-shell.js';

/** Runs the part of the runner on what `docker compose config --format json` prints. */
function strategies(services: Record<string, unknown>, wanted: string, own = '', mounted = ''): Record<string, string> {
  const config = JSON.stringify({ name: 'shop', networks: { default: null }, services }, null, 2);
  const script = `strategy=${wanted} strategies='${own}' project=shop work=$(mktemp -d)
timeout() { echo '${mounted}'; }
${CONFIG}${STRATEGY}
with_own_volumes
strategies <<'E'
${config}
E
rm -r "$work"`;
  const run = inEachShell((shell) => runIn(shell, script));
  expect(run.stderr).toBe('');
  return Object.fromEntries(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', ...rest] = line.split('|');
        return [name, rest.join('|')];
      }),
  );
}

const volume = (more: object = {}): object => ({
  volumes: [{ type: 'volume', source: 'd', target: '/data', volume: {}, ...more }],
});

describe('how services are replaced', () => {
  it('recreates unless told otherwise', () => {
    expect(strategies({ web: { image: 'x' } }, 'recreate')).toEqual({ web: 'recreate||1||' });
  });

  it('rolls what it can, one service or all', () => {
    expect(strategies({ web: {}, api: {} }, 'recreate', 'web=rolling')).toEqual({
      api: 'recreate||1||',
      web: 'rolling||1||',
    });
    expect(strategies({ web: { deploy: { replicas: 3 } }, api: {} }, 'rolling', 'api=recreate')).toEqual({
      api: 'recreate||1||',
      web: 'rolling||3||',
    });
  });

  it('waits for no service that is optional and not active, as Compose does not', () => {
    const depends_on = {
      debug: { condition: 'service_healthy', required: false },
      api: { condition: 'service_healthy', required: true },
    };
    expect(strategies({ web: { depends_on }, api: {} }, 'rolling')['web']).toBe('rolling||1|api:service_healthy|');
  });

  it.each([
    [{ ports: [{ mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' }] }, 'publishes port 8080 of the VM'],
    [{ container_name: 'shop' }, 'has the fixed container_name shop'],
    [{ network_mode: 'host' }, 'uses the network of the host'],
    [{ network_mode: 'service:vpn' }, 'shares network_mode with service:vpn'],
    [{ networks: { default: { ipv4_address: '192.0.2.4' } } }, 'has the fixed address 192.0.2.4'],
    [volume(), 'writes to /data'],
    [{ pre_stop: [{ command: ['bye'] }] }, 'has a pre_stop hook, which only Compose runs'],
    [{ volumes: [{ type: 'bind', source: '/x', target: '/y', bind: {} }] }, 'writes to /y'],
  ])('recreates a service with %j, and says why', (service, reason) => {
    expect(strategies({ web: service }, 'rolling')).toEqual({ web: `recreate|${reason}|1||` });
  });

  it.each([
    [{ ports: [{ target: 80, protocol: 'tcp' }] }],
    [{ ports: [{ target: 80, published: '8080-8089' }] }],
    [{ environment: { published: '1', container_name: 'no' }, labels: { network_mode: 'host' } }],
    [volume({ read_only: true })],
    [{ volumes: [{ type: 'tmpfs', target: '/tmp' }] }],
  ])('rolls a service with %j', (service) => {
    expect(strategies({ web: service }, 'rolling')).toEqual({ web: 'rolling||1||' });
  });

  it('rolls a service that writes to a volume only when it is named', () => {
    expect(strategies({ web: volume() }, 'rolling', 'web=rolling')).toEqual({ web: 'rolling||1||' });
  });

  it('recreates a service whose image declares a volume, which only who takes the place of its container has', () => {
    const unnamed = '0123456789abcdef'.repeat(4);
    const mounted = `db h1 /etc/conf,${unnamed}\nweb h2 shop_data,/srv/${unnamed}\ngone h3 ${unnamed}\nplain h4 `;
    const kept = 'recreate|writes to a volume of its image|1||';
    expect(strategies({ db: {}, web: {} }, 'rolling', '', mounted)).toEqual({ db: kept, web: 'rolling||1||' });
    expect(strategies({ db: {} }, 'rolling', 'db=rolling', mounted)).toEqual({ db: 'rolling||1||' });
  });

  it('recreates the one whose network another service shares', () => {
    expect(strategies({ vpn: {}, web: { network_mode: 'service:vpn' } }, 'rolling')['vpn']).toContain(
      'recreate|shares network_mode with web',
    );
  });

  it('keeps to the order of dependencies, those that are recreated first, and notes the conditions', () => {
    const order = strategies(
      {
        web: { depends_on: { api: { condition: 'service_healthy', required: true } } },
        api: {
          depends_on: {
            db: { condition: 'service_healthy', required: true },
            migrate: { condition: 'service_completed_successfully', required: true },
          },
        },
        migrate: { depends_on: { db: { condition: 'service_started', required: true } } },
        db: volume(),
      },
      'rolling',
      'migrate=recreate',
    );
    expect(Object.keys(order)).toEqual(['db', 'migrate', 'api', 'web']);
    expect(order['api']).toBe('rolling||1|db:service_healthy migrate:service_completed_successfully|');
  });

  it('restarts what asked for it, when what it depends on was rolled', () => {
    const depends = (restart: boolean): object => ({ depends_on: { db: { condition: 'service_started', restart } } });
    const services = {
      db: {},
      again: depends(true),
      asleep: depends(true),
      changed: depends(true),
      not: depends(false),
    };
    const script = `work=$folder strategy=rolling strategies=
${CONFIG}${STRATEGY}${ROLLING}
cat >$work/config <<'E'
${JSON.stringify({ name: 'shop', services }, null, 2)}
E
strategies <$work/config >$work/strategies
printf '%s\\n' db changed >$work/changed
printf '%s hash id\\n' db again changed not >$work/running
to_restart`;
    expect(inEachVmShell({}, script)).toEqual(['again']);
  });
});
