import { readlinkSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunnerApp, runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('what is read as .env, in $name', { timeout: 60_000 }, (shell) => {
  const env = (app: RunnerApp): string => join(app.base, 'releases/r2/tree/.env');

  it('is a link to the settings and secrets of the release, the last one first, each name once, for their owner alone', () => {
    const app = runnerApp(shell);
    app.plan('r2', {
      secrets: '2.env',
      settings_from: 'here',
      settings: "A='settings'\nURL='http://x/?a=b'\n",
      release_env: 'ZEBU=1\n',
    });
    app.write('releases/r2/tree/compose.yml', 'services:\n  web:\n    env_file: .env\n');
    app.write('shared/secrets/2.env', 'A=\'secret\'\nQUOTED="it\'s \\"x\\" $(id)"\n');
    app.write('shared/secrets/3.env', '');
    app.write('shared/secrets/bound.env', "A='bound'\n");
    app.run('link_env_file');
    expect(readlinkSync(env(app))).toBe(`${app.base}/shared/secrets/env_file`);
    expect(app.read('shared/secrets/env_file')).toBe(
      "A='bound'\nURL='http://x/?a=b'\nQUOTED=\"it's \\\"x\\\" $(id)\"\n",
    );
    expect(statSync(env(app)).mode & 0o777).toBe(0o600);
    app.write('shared/secrets/2.env', "NEW='x'\n");
    app.run('write_env_file');
    expect(app.read('shared/secrets/env_file')).toContain("NEW='x'\n");
  });

  it('is the file of the commit where it has one, and nothing where nobody asks for it', () => {
    const app = runnerApp(shell);
    app.plan('r2', { secrets: '2.env' });
    app.write('shared/secrets/2.env', "A='x'\n");
    const wants = (text: string): boolean => {
      app.write('releases/r2/tree/compose.yml', text);
      return app.run('if wants_env_file; then echo wants; fi').lines.length === 1;
    };
    expect(wants('services:\n  web:\n    image: x\n')).toBe(false);
    expect(wants('services:\n  web: # env_file: .env\n    image: x.envoy\n')).toBe(false);
    expect(wants('services:\n  web:\n    volumes: ["./.env:/app/.env"]\n')).toBe(true);
    expect(wants('include: [{path: x.yml, env_file: other}]\n')).toBe(true);
    // On the author's machine it is in the folder that is mounted as a whole.
    for (const mount of [
      '- .:/app',
      "- './:/app'",
      "['.:/app:ro']",
      '- ${PWD}:/app',
      '[{ source: ., target: /app }]',
      '- source: "./"',
    ])
      expect([mount, wants(`services:\n  web:\n    volumes: ${mount}\n`)]).toEqual([mount, true]);
    for (const text of [
      'build: .',
      'volumes: [./app:/app, ../:/up, a.:/b]',
      'build: { context: ., target: last }',
      '# - .:/app',
    ])
      expect([text, wants(`services:\n  web:\n    ${text}\n`)]).toEqual([text, false]);
    app.write('releases/r2/tree/.env', 'OF=commit\n');
    expect(wants('services:\n  web:\n    env_file: .env\n')).toBe(false);
    app.run('link_env_file; write_env_file');
    expect(app.read('releases/r2/tree/.env')).toBe('OF=commit\n');
    expect(app.has('shared/secrets/env_file')).toBe(false);
  });

  it('takes the place of a link that leads to what the commit does not have', () => {
    const app = runnerApp(shell);
    app.plan('r2', { secrets: '2.env' });
    app.write('shared/secrets/2.env', "A='x'\n");
    app.write('releases/r2/tree/compose.yml', 'services:\n  web:\n    env_file: .env\n');
    symlinkSync('ours.conf', env(app));
    app.run('link_env_file');
    expect(app.read('releases/r2/tree/.env')).toBe("A='x'\n");
  });

  it('is not made of what a link of the commit leads to', () => {
    const app = runnerApp(shell);
    app.plan('r2', { secrets: '2.env' });
    app.write('shared/secrets/2.env', "A='x'\n");
    app.write('releases/r2/tree/compose.yml', 'services:\n  web:\n    env_file: .env\n');
    app.write('releases/r2/tree/prod.env', 'OF=commit\n');
    symlinkSync('prod.env', env(app));
    app.write(
      'config',
      app.config({
        services: { web: { volumes: [{ type: 'bind', source: env(app), target: '/.env', read_only: true }] } },
      }),
    );
    app.run('link_env_file; write_env_file; cp "$base/config" "$work/config"; place_files');
    expect(app.has('shared/secrets/env_file')).toBe(false);
    const [, kept = ''] = /"source": "([^"]*)"/.exec(app.read('releases/r2/files.yml')) ?? [];
    expect(app.read(kept.slice(app.base.length + 1))).toBe('OF=commit\n');
  });

  describe('where the Compose files lie below zebu.yml', () => {
    const below = (text: string, more: Readonly<Record<string, string>> = {}): RunnerApp => {
      const app = runnerApp(shell);
      app.plan('r2', { secrets: '2.env', directory: 'tree/docker', ...more });
      app.write('shared/secrets/2.env', "A='x'\n");
      app.write('releases/r2/tree/compose.yml', text);
      app.write('releases/r2/tree/docker/kept', '');
      return app;
    };
    const made = (app: RunnerApp): readonly string[] => {
      app.run('link_env_file');
      return ['.env', 'docker/.env'].filter((each) => app.has(`releases/r2/tree/${each}`));
    };

    it('is made where it is asked for', () => {
      expect(made(below('services: { web: { env_file: ../.env } }'))).toEqual(['.env', 'docker/.env']);
      expect(made(below('services: { web: { volumes: ["${PWD}/.env:/x"] } }'))).toEqual(['.env', 'docker/.env']);
      expect(made(below('services: { web: { volumes: ["..:/app"] } }'))).toEqual(['.env']);
      expect(made(below('services: { web: { volumes: [".:/app"] } }'))).toEqual(['docker/.env']);
      expect(made(below('services: { web: { env_file: .env } }'))).toEqual(['docker/.env']);
      expect(made(below('services: { web: { env_file: ../.env.example } }'))).toEqual(['docker/.env']);
      expect(made(below('services: { web: { image: x } }'))).toEqual([]);
    });

    it('is given as it is in force, and is no data', () => {
      const app = below('services: { web: { volumes: ["../.env:/x"] } }');
      const volumes = [{ type: 'bind', source: env(app), target: '/x' }];
      app.write('config', app.config({ services: { web: { volumes } } }));
      app.run('link_env_file; cp "$base/config" "$work/config"; map_mounts; place_files');
      expect(app.has('releases/r2/shared.yml')).toBe(false);
      expect(app.read('releases/r2/files.yml')).toContain(`"source": "${app.base}/shared/secrets/env_file"`);
      app.write('shared/secrets/2.env', "A='y'\n");
      app.run('write_env_file');
      expect(app.read('shared/secrets/env_file')).toBe("A='y'\n");
    });

    it('is read from both places of the commit, that beside zebu.yml over the other', () => {
      const app = below('services: { web: { env_file: ../.env } }');
      app.write('releases/r2/tree/.env', 'A=1\n');
      app.write('releases/r2/tree/docker/.env', 'A=2\n');
      const { lines } = app.run('link_env_file; echo "$environment"');
      const files = ['releases/r2/tree/docker/.env', 'releases/r2/tree/.env', 'shared/secrets/2.env'];
      expect(lines).toEqual([files.map((each) => `--env-file ${app.base}/${each}`).join(' ')]);
    });

    it('has markers in both places where Compose is asked who uses a secret', () => {
      const app = below('services: { web: { env_file: ../.env } }');
      const { lines } = app.run(
        `link_env_file; compose() { cat "$directory/.env" "$directory/../.env"; ls -A "$directory/.."; }; marked_config json`,
      );
      const marker = "A='zebu-marker-A-end'";
      expect(lines).toEqual([marker, marker, '.env', 'compose.yml', 'docker']);
    });
  });

  it('says once, by name, which settings are other ones than those that are live', () => {
    const told = (from: string, live: string | undefined, now: string): readonly string[] => {
      const app = runnerApp(shell);
      if (live !== undefined) app.write('current/settings.env', live);
      app.write('releases/r2/settings.env', now);
      return said(app.run(`settings_from=${from}; step=check; say_settings`).journal);
    };
    const live = "A='hunter22222'\nB='2'\nC='3'\n";
    expect(told('here', live, "A='other'\nB='2'\nD='4'\n")).toEqual([
      'settings of .env: added D; changed A; removed C',
    ]);
    expect(told('here', live, live)).toEqual([]);
    expect(told('here', undefined, "A='1'\n")).toEqual(['settings of .env: added A']);
    expect(told('here', live, '')).toEqual(['settings of .env: removed A, B, C']);
    expect(told('live', live, live)).toEqual([
      'settings: there is no .env where this was deployed from; kept from the live release: A, B, C',
    ]);
  });
});
