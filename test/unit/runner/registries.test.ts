import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dotenvLine } from '@zebu/kit/core';
import { registryFunctions, type RegistryLogin } from '../../../src/lib/app-folder/registries.js';
import { type RunnerApp, runnerApp, said } from '../../support/runner-app.js';
import { someIn, vmShells } from '../../support/shells.js';

const TOKEN = `it's a "token" $(id) \\ with %s`;
const KEY = '{\n  "type": "service_account"\n}';
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
const GHCR: RegistryLogin = { host: 'ghcr.io', user: 'bot', name: 'GHCR_TOKEN', authority: '' };
const OWN: RegistryLogin = { host: 'registry.example.org:5000', user: 'ci', name: '1', authority: PEM };

/** A Docker that lets everybody in, and keeps what it was given. */
const LOGIN = `cat >"$state/token-$5"; cat "$DOCKER_CONFIG/config.json" >"$state/settings"; ls "$DOCKER_CONFIG" >"$state/there"
stat -c %a "$DOCKER_CONFIG" "$DOCKER_CONFIG/config.json" >"$state/modes"; env >"$state/environment"`;

const refusing = (words: string): string => `cat >/dev/null; echo 'Error response from daemon: ${words}' >&2; exit 1`;

describe.each(vmShells())('logins at registries, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (logins: readonly RegistryLogin[], docker = LOGIN): RunnerApp => {
    const app = runnerApp(shell);
    app.docker({ login: docker });
    // As root would; what it was told stands among the calls.
    app.program('sudo', { '-n': 'shift; exec "$@"' });
    app.plan(
      'r2',
      { registries: logins.map(({ host }) => host).join(' '), registry_secrets: 'GHCR_TOKEN', secrets: '3.env' },
      registryFunctions(logins),
    );
    app.write('shared/secrets/3.env', `${dotenvLine('GHCR_TOKEN', TOKEN)}\n${dotenvLine('OTHER', 'x')}\n`, 0o600);
    app.write('shared/secrets/registries-run2.env', `${dotenvLine('1', KEY)}\n`, 0o600);
    mkdirSync(join(app.state, 'home', '.docker'), { recursive: true });
    return app;
  };
  const run = (app: RunnerApp, script: string): ReturnType<RunnerApp['run']> =>
    app.run(`authorities="$base/certs.d"; find_engine() { engine_is=1; }; docker_back() { :; }\n${script}`, {
      env: { HOME: join(app.state, 'home'), DOCKER_CONFIG: '' },
    });
  const kept = (app: RunnerApp, file: string): string => readFileSync(join(app.state, file), 'utf8');

  it('hands tokens of secrets and of commands over byte for byte, in no argument and no environment', () => {
    const app = setup([GHCR, OWN]);
    const { lines, calls } = run(app, 'log_in_all; echo "$? $cause$reason$tokens$token"');
    expect(lines).toEqual(['0 ']);
    expect(kept(app, 'token-ghcr.io')).toBe(TOKEN);
    expect(kept(app, `token-${OWN.host}`)).toBe(KEY);
    expect(calls.filter(([program]) => program === 'docker')).toEqual([
      ['docker', 'login', '--username', 'bot', '--password-stdin', 'ghcr.io'],
      ['docker', 'login', '--username', 'ci', '--password-stdin', OWN.host],
    ]);
    expect(kept(app, 'environment')).not.toMatch(/service_account|it's a/);
    expect(kept(app, 'modes')).toBe('700\n600\n');
  });

  it('has what is pulled and built use them, and nothing after it', () => {
    const app = setup([GHCR]);
    const { lines } = run(
      app,
      `log_in_all; echo "\${DOCKER_CONFIG#"$work"}" "$SSL_CERT_DIR" | sed "s|$work||"
log_out; echo "$DOCKER_CONFIG" "$SSL_CERT_DIR"; ls "$work/docker"; ls "$base/shared/secrets"`,
    );
    expect(lines).toEqual(['/docker /etc/ssl/certs:/authorities', `${join(app.state, 'home')}/.docker `, '3.env']);
  });

  it('goes on with the settings of Docker that are there, but keeps no login with a helper', () => {
    const app = setup([GHCR, { ...GHCR, host: 'docker.io' }]);
    const home = join(app.state, 'home', '.docker');
    const settings = {
      auths: { other: { auth: 'eA==' } },
      credsStore: 'pass',
      credHelpers: { 'ghcr.io': 'pass' },
      proxies: {},
    };
    for (const text of [JSON.stringify(settings), JSON.stringify(settings, null, '\t')]) {
      writeFileSync(join(home, 'config.json'), text);
      mkdirSync(join(home, 'cli-plugins'), { recursive: true });
      run(app, 'log_in_all');
      expect(JSON.parse(kept(app, 'settings'))).toEqual({
        auths: settings.auths,
        credsStore: 'pass',
        proxies: {},
        otherHelpers: settings.credHelpers,
        credHelpers: { 'ghcr.io': '', 'https://index.docker.io/v1/': '' },
      });
      expect(kept(app, 'there')).toBe('cli-plugins\nconfig.json\n');
      // They are there as before.
      expect(readFileSync(join(home, 'config.json'), 'utf8')).toBe(text);
    }
    for (const text of ['{}', '{\n}\n', '']) {
      writeFileSync(join(home, 'config.json'), text);
      run(app, 'log_in_all');
      expect(Object.keys(JSON.parse(kept(app, 'settings')) as object)).toEqual(['credHelpers']);
    }
  });

  it('has the authority where the daemon looks, under a name of its own, until it is done', () => {
    const app = setup([OWN]);
    app.write(`certs.d/${OWN.host}/theirs.crt`, 'theirs');
    const name = basename(app.base);
    // Of a process that is gone, and of one that is there.
    app.write(`certs.d/gone.example/zebu-${name}.4194999.crt`, '');
    app.write(`certs.d/${OWN.host}/zebu-${name}.1.crt`, '');
    const { lines } = run(
      app,
      `log_in_all; cat "$authorities/${OWN.host}/zebu-$app.$$.crt" "$work/authorities/${OWN.host}.pem"; log_out; cd "$authorities"; find . -type f | sort; find . -type d | sort`,
    );
    const mine = `./${OWN.host}`;
    expect(lines.join('\n')).toBe([PEM, PEM, `${mine}/theirs.crt`, `${mine}/zebu-${name}.1.crt`, '.', mine].join('\n'));
  });

  it('is logged out and forgotten however the run ends', () => {
    const app = setup([OWN]);
    app.write('shared/secrets/registries-old.env', "1='left'\n", 0o600);
    run(app, 'forget_tokens; log_in_all; exit 3');
    expect(app.list('shared/secrets')).toEqual(['3.env']);
    expect(app.list('certs.d')).toEqual([]);
    expect(readdirSync('/dev/shm').filter((each) => each.startsWith(`zebu-${basename(app.base)}.`))).toEqual([]);
  });

  it.each(
    someIn(shell, [
      ['registry-denied', 'login attempt to https://r/v2/ failed with status: 401 Unauthorized'],
      ['registry-denied', 'Get "https://ghcr.io/v2/": denied: denied'],
      ['registry-denied', 'Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password'],
      ['registry-denied', 'login attempt to https://r/v2/ failed with status: 403 Forbidden'],
      [
        'registry-untrusted',
        'Get "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      ],
      ['registry-untrusted', 'Get "https://r/v2/": x509: certificate is valid for a, not r'],
    ]),
  )('ends with %s where Docker says %s', (cause, words) => {
    const app = setup([GHCR], refusing(words));
    const [found = '', reason = ''] = run(app, 'log_in_all || echo "$cause|$reason"').lines.join('\n').split('|');
    expect(found).toBe(cause);
    expect(reason).toMatch(
      /^(ghcr[.]io does not accept bot with GHCR_TOKEN|the certificate of ghcr[.]io is not trusted): /,
    );
    expect(reason.endsWith(words)).toBe(true);
  });

  it.each([
    ['registry-away', 'Get "https://r/v2/": dial tcp 10.0.0.1:443: connect: connection refused'],
    ['registry-away', 'Get "https://r/v2/": dial tcp: lookup r: no such host'],
    ['registry-away', 'login attempt to https://r/v2/ failed with status: 503 Service Unavailable'],
  ])('goes on, and says %s when that does not do, where Docker says %s', (cause, words) => {
    const app = setup([GHCR, OWN], refusing(words));
    const { lines, journal } = run(
      app,
      `log_in_all; echo "$?$cause$reason"; cause=image-missing reason='no image'; blame_away 'Get "https://${OWN.host}/v2/"'; echo "$cause|$reason"
       cause=build-failed reason='no make'; blame_away 'make: *** [all] Error 2'; echo "$cause|$reason"`,
    );
    const both = `ghcr.io cannot be reached: ${words}; ${OWN.host} cannot be reached: ${words}`;
    expect(lines).toEqual(['0', `${cause}|${both}; no image`, 'build-failed|no make']);
    expect(said(journal)).toContain(`ghcr.io cannot be reached: ${words}: going on with the images that are there`);
  });

  it('says what is missing: a value, the right to place an authority', () => {
    const app = setup([{ ...GHCR, name: 'NONE' }]);
    expect(run(app, 'log_in_all || echo "$cause|$reason"').lines).toEqual([
      'registry-denied|there is no value of NONE for ghcr.io',
    ]);
    const other = setup([OWN]);
    other.program('sudo', { '-n': 'echo "sudo: a password is required" >&2; exit 1' });
    expect(run(other, 'log_in_all || echo "$cause|$reason"').lines).toEqual([
      `registry-untrusted|the authority of ${OWN.host} cannot be put into ${other.base}/certs.d: sudo: a password is required`,
    ]);
  });

  it('keeps the token of a registry from services that are given all there is', () => {
    const app = setup([GHCR]);
    const { lines } = run(
      app,
      'ln -s "$base/shared/secrets/env_file" "$directory/.env"; write_env_file; cat "$base/shared/secrets/env_file"',
    );
    expect(lines).toEqual(["OTHER='x'"]);
  });
});
