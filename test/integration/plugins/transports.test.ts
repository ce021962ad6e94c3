import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, describe, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { descriptorCases } from '../../../plugins/kit/src/conformance/descriptor.js';
import { transportCases } from '../../../plugins/kit/src/conformance/transport.js';
import apiHook from '../../../plugins/transport-api/src/hook.js';
import { factory as api } from '../../../plugins/transport-api/src/index.js';
import sshHook from '../../../plugins/transport-ssh/src/hook.js';
import { factory as ssh } from '../../../plugins/transport-ssh/src/index.js';
import { proxmoxSection } from '../../support/project.js';
import { keyWithoutForwarding } from '../../support/transports.js';

const lab = theLab();
const folder = mkdtempSync(join(tmpdir(), 'zebu-transports-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the transport api keeps the contract', () => {
  const settings = proxmoxSection(lab, 'api');
  const token = readFileSync(lab.api.tokenFile, 'utf8').trim();
  const wrong = join(folder, 'token');
  writeFileSync(wrong, `${token.split('=')[0] ?? ''}=00000000-0000-0000-0000-000000000000\n`, { mode: 0o600 });
  const cases = [
    ...descriptorCases(apiHook),
    ...transportCases({
      factory: api,
      settings,
      refused: { ...settings, token_file: wrong },
      unreachable: { ...settings, port: 1 },
      secret: token.split('=')[1] ?? token,
    }),
  ];
  for (const { name, run } of cases) it(name, run);
});

describe('the transport ssh keeps the contract', () => {
  const settings = proxmoxSection(lab, 'ssh');
  const stranger = join(folder, 'id_stranger');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
  const cases = [
    ...descriptorCases(sshHook),
    ...transportCases({
      factory: ssh,
      settings,
      env: { HOME: folder },
      refused: { ...settings, identity_file: stranger },
      unreachable: { ...settings, port: 1 },
    }),
  ];
  for (const { name, run } of cases) it(name, run);
});

describe('the transport ssh keeps the contract where nothing is forwarded', () => {
  const settings = { ...proxmoxSection(lab, 'ssh'), identity_file: keyWithoutForwarding(lab) };
  const cases = transportCases({
    factory: ssh,
    settings,
    env: { HOME: folder },
    refused: { ...settings, identity_file: join(folder, 'id_stranger') },
    unreachable: { ...settings, port: 1 },
  });
  for (const { name, run } of cases) it(name, run);
});
