import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/lib/context/context.js';
import { appChecks } from '../../../src/lib/doctor/app.js';
import { missingSecrets, unusedSecrets } from '../../../src/lib/doctor/secrets.js';
import { readCompose } from '../../../src/lib/init/compose.js';
import { configSchema } from '../../../src/lib/config/schema.js';

const facts = (text: string) => readCompose([{ name: 'compose.yml', text }]);
const COMPOSE = 'services: {web: {image: x, environment: {A: "${ASKED}", B: "${OPEN:-x}"}}}\n';
const config = (secrets: object, registries: readonly object[] = []) =>
  configSchema.parse({ app: { name: 'shop' }, proxmox: { host: 'pve' }, secrets, registries });

describe('declared secrets', () => {
  it('are unused where no Compose file and no login asks for them', () => {
    const declared = config({ ASKED: {}, OLD: {}, LOGIN: {} }, [{ host: 'ghcr.io', user: 'me', secret: 'LOGIN' }]);
    expect(unusedSecrets(declared, facts(COMPOSE))).toEqual(['OLD']);
    expect(unusedSecrets(declared, facts('services: {web: {image: x, env_file: .env}}\n'))).toEqual([]);
  });

  it('are missing where they are asked for, have no value here and are not made', () => {
    const declared = config({
      ASKED: { required: false },
      OPEN: { required: false },
      MADE: { generate: { length: 32 } },
      OTHER: { required: true },
    });
    expect(missingSecrets(declared, facts(COMPOSE), { values: new Map() })).toEqual(['ASKED', 'OTHER']);
  });
});

describe('the check of the Compose files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'zebu-doctor-'));
    vi.stubEnv('PATH', `${join(root, 'bin')}${delimiter}/usr/bin:/bin`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(root, { recursive: true, force: true });
  });

  const look = async () => {
    const context = { root, config: config({}), signal: new AbortController().signal } as unknown as Context;
    const check = appChecks(context).find(({ id }) => id === 'compose');
    return check?.run(context.signal);
  };
  /** Compose v2 of this machine, which says this of every file. */
  const docker = (script: string): void => {
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/docker'), `#!/bin/sh\ncase $* in *version*) exit 0 ;; esac\n${script}\n`);
    chmodSync(join(root, 'bin/docker'), 0o755);
  };

  it('warns where there is none yet', async () => {
    expect(await look()).toMatchObject({ status: 'warn', detail: 'there is no compose.yml' });
  });

  it('says file and line of one that is no YAML, once', async () => {
    writeFileSync(join(root, 'compose.yml'), 'services:\n  web: [\n');
    await expect(look()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^compose\.yml:\d+: (?!.* at line )/) as string,
    });
  });

  it('hands on what Compose itself has against it, where it is installed', async () => {
    writeFileSync(join(root, 'compose.yml'), COMPOSE);
    expect(await look()).toMatchObject({ status: 'ok', detail: 'compose.yml: web' });
    docker('echo "services.web additional properties not allowed" >&2; exit 15');
    expect(await look()).toMatchObject({
      status: 'fail',
      code: 'COMPOSE_INVALID',
      detail: 'compose.yml: services.web additional properties not allowed',
    });
  });

  it('knows a file without a service', async () => {
    writeFileSync(join(root, 'compose.yml'), 'volumes: {data: {}}\n');
    expect(await look()).toMatchObject({ status: 'fail', detail: 'compose.yml: no service' });
  });
});
