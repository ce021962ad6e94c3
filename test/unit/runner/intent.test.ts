import { describe, expect, it } from 'vitest';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('what services are meant for, in $name', { timeout: 60_000 }, (shell) => {
  it('is what the Compose files say of them, and by others', () => {
    const app = runnerApp(shell);
    const test = ['CMD', 'true'];
    app.write(
      'config',
      app.config({
        services: {
          'api-1': { healthcheck: { test }, depends_on: { migrate: { condition: 'service_completed_successfully' } } },
          disabled: { healthcheck: { disable: true } },
          job: { deploy: { mode: 'replicated-job' }, restart: 'always' },
          migrate: { restart: 'no', depends_on: { 'api-1': { condition: 'service_started' } } },
          never: { healthcheck: { test: ['NONE'] }, ports: [{ target: 80 }] },
          none: { healthcheck: { test: ['NONE'] } },
          plain: { environment: { restart: 'always', ports: '80' }, labels: { healthcheck: 'x' } },
          policy: { deploy: { restart_policy: { condition: 'none' } } },
          policy2: { deploy: { restart_policy: { max_attempts: 3 } } },
          policy3: { deploy: { restart_policy: { condition: 'on-failure' } }, restart: 'always' },
          said: { restart: 'unless-stopped', ports: [{ target: 80 }] },
          web: { ports: [{ target: 80, published: '80' }] },
        },
      }),
    );
    const { lines } = app.run('cp "$base/config" "$work/config"; note_intents; cat "$release/intents"');
    expect(lines).toEqual([
      ...['api-1 serves', 'disabled plain', 'job job', 'migrate awaited', 'never serves', 'none plain', 'plain plain'],
      ...['policy said', 'policy2 stays', 'policy3 said', 'said stays', 'web serves'],
    ]);
  });

  it('is put in the place of the restart policy, and told of Docker alone where it was never noted', () => {
    const app = runnerApp(shell);
    const line = (service: string, policy: string, health = ''): string =>
      `${service}|running|${health}|0|0|false|x|${policy}|/shop-${service}-1|id|`;
    const list = [
      line('web', 'no 1'),
      line('job', 'always '),
      line('wait', 'no '),
      line('one', 'no '),
      line('db', 'no ', 'healthy'),
    ];
    const { lines } =
      app.run(`meant_now() { printf '%s\\n' ${list.map((each) => `'${each}'`).join(' ')} | meant | cut -d'|' -f8 | tr '\\n' ' '; echo; }
meant_now
printf '%s\\n' 'web serves' 'job job' 'wait awaited' 'one plain' 'db plain' >"$release/intents"; meant_now`);
    expect(lines).toEqual(['stays stays ends ends stays ', 'stays job awaited ends ends ']);
  });
});
