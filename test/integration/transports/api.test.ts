/** What the HTTPS transport adds to the contract: trust before tokens, retried reads, writes that are never sent twice. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import { runTask } from '../../../src/lib/proxmox/tasks.js';
import { systemClock } from '../../../src/lib/context/context.js';
import { Capture } from '../../support/capture.js';
import { fault } from '../../support/lab-control.js';
import { adminAuth, pveRequest } from '../../support/pve-http.js';
import { ask, connect } from '../../support/transports.js';

const lab = theLab();
const folder = mkdtempSync(join(tmpdir(), 'zebu-api-'));
afterAll(() => rmSync(folder, { recursive: true }));

const version = async (options?: Parameters<typeof connect>[2]): Promise<unknown> => {
  const transport = await connect(lab, 'api', options);
  try {
    return await ask(transport, 'GET', '/version');
  } finally {
    await transport.close();
  }
};

describe('trust', () => {
  /** A server that is not Proxmox and writes down every header it is sent. */
  async function impostor(): Promise<{ port: number; fingerprint: string; seen: string[]; stop: () => void }> {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const argv = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    spawnSync('openssl', [...argv, '-days', '2', '-subj', '/CN=pve', '-keyout', key, '-out', cert]);
    const seen: string[] = [];
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.end('{"data":{"version":"8.4.21"}}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { stdout } = spawnSync('openssl', ['x509', '-in', cert, '-noout', '-fingerprint', '-sha256'], {
      encoding: 'utf8',
    });
    const { port } = server.address() as AddressInfo;
    return { port, fingerprint: stdout.trim().split('=')[1] ?? '', seen, stop: () => server.close() };
  }

  it('sends nothing to a server with another certificate than the pinned one', async () => {
    const server = await impostor();
    const refused = version({ settings: { port: server.port } });
    await expect(refused).rejects.toMatchObject({
      code: 'TLS_UNTRUSTED',
      details: { presented: server.fingerprint, pinned: lab.api.fingerprint },
    });
    expect(server.seen).toEqual([]);
    // The same server, pinned, is spoken to: it was the pin that kept us from it.
    await version({ settings: { port: server.port, fingerprint: server.fingerprint } });
    expect(server.seen).toHaveLength(1);
    server.stop();
  });

  it('refuses a self-signed certificate that nobody vouches for, and names its fingerprint', async () => {
    await expect(version({ settings: { fingerprint: undefined } })).rejects.toMatchObject({
      code: 'TLS_UNTRUSTED',
      message: expect.stringContaining(lab.api.fingerprint) as string,
    });
  });

  it('accepts what the named authority signed', async () => {
    const ca = join(lab.stateDir, 'tls.crt');
    await expect(version({ settings: { fingerprint: undefined, ca_file: ca } })).resolves.toMatchObject({});
    const other = join(folder, 'cert.pem');
    await expect(version({ settings: { fingerprint: undefined, ca_file: other } })).rejects.toMatchObject({
      code: 'TLS_UNTRUSTED',
    });
    await expect(version({ settings: { fingerprint: undefined, ca_file: '/no/such' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

describe('the token', () => {
  const token = readFileSync(lab.api.tokenFile, 'utf8').trim();

  it('comes from the variable, which wins over the file', async () => {
    const settings = { token_file: '/no/such/file', token_env: 'PVE_TOKEN' };
    await expect(version({ settings, env: { PVE_TOKEN: token } })).resolves.toMatchObject({});
    await expect(version({ settings })).rejects.toMatchObject({ code: 'CREDENTIAL_MISSING' });
  });

  it('is not taken from a file others can read', async () => {
    const file = join(folder, 'token');
    copyFileSync(lab.api.tokenFile, file);
    chmodSync(file, 0o644);
    await expect(version({ settings: { token_file: file } })).rejects.toMatchObject({
      code: 'CREDENTIAL_MISSING',
      message: `${file} can be read by others (mode 644)`,
      hint: `chmod 600 ${file}`,
    });
    chmodSync(file, 0o600);
    await expect(version({ settings: { token_file: file } })).resolves.toMatchObject({});
  });

  it('that is wrong is refused with its reason, and shown nowhere', async () => {
    const wrong = 'root@pam!zebu=00000000-0000-4000-8000-000000000000';
    const refusal = await version({ env: { ZEBU_PROXMOX_TOKEN: wrong } }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'AUTH_FAILED', details: { status: 401 } });
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('00000000-0000');
    await expect(version({ env: { ZEBU_PROXMOX_TOKEN: 'secret-of-mine' } })).rejects.toMatchObject({
      code: 'CREDENTIAL_MISSING',
      message: expect.not.stringContaining('secret-of-mine') as string,
    });
  });

  it('without the privilege is told which one, and where', async () => {
    const answer = await pveRequest(lab, {
      method: 'POST',
      path: '/access/users/root@pam/token/contract',
      auth: adminAuth(lab),
    });
    const { 'full-tokenid': id, value } = (answer.body as { data: { 'full-tokenid': string; value: string } }).data;
    const transport = await connect(lab, 'api', { env: { ZEBU_PROXMOX_TOKEN: `${id}=${value}` } });
    try {
      await expect(ask(transport, 'POST', `/nodes/${lab.node}/qemu/100/status/start`)).rejects.toMatchObject({
        code: 'PROXMOX_FORBIDDEN',
        hint: 'It needs VM.PowerMgmt on /vms/100; zebu doctor --role prints the role with all that zebu uses.',
        details: { status: 403, privilege: 'VM.PowerMgmt', aclPath: '/vms/100' },
      });
    } finally {
      await transport.close();
      await pveRequest(lab, {
        method: 'DELETE',
        path: '/access/users/root@pam/token/contract',
        auth: adminAuth(lab),
      });
    }
  });
});

describe('a bad line', () => {
  const node = `/nodes/${lab.node}`;
  const tasks = async (type: string, vmid: number): Promise<number> => {
    const { body } = await pveRequest(lab, {
      method: 'GET',
      path: `${node}/tasks`,
      params: { source: 'all', typefilter: type, vmid, limit: 100 },
      auth: adminAuth(lab),
    });
    return (body as { data: unknown[] }).data.length;
  };

  it('is asked again for what can be asked again', async () => {
    await fault(lab, { kind: 'status', status: 596, path: '/version', count: 2 });
    await expect(version()).resolves.toMatchObject({});
    await fault(lab, { kind: 'drop', path: '/version' });
    await expect(version()).resolves.toMatchObject({});
  });

  it('is waited for as long as the limit says, all attempts together', async () => {
    const transport = await connect(lab, 'api', { settings: { timeout: 1 } });
    // Not one that others of this file ask: some of the busy answers are left over.
    const path = '/cluster/firewall/options';
    const started = Date.now();
    try {
      await fault(lab, { kind: 'status', status: 596, path, count: 6 });
      await expect(ask(transport, 'GET', path)).rejects.toMatchObject({ details: { status: 596 } });
      await fault(lab, { kind: 'hang', path: '/version' });
      const hung = { code: 'UNREACHABLE', message: expect.stringMatching(/no answer within 1 s$/) as string };
      await expect(ask(transport, 'GET', '/version')).rejects.toMatchObject(hung);
    } finally {
      await transport.close();
    }
    // Each attempt used to have the limit to itself, six of them with pauses between.
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('is not asked again for what was refused', async () => {
    await fault(lab, { kind: 'status', status: 500, reason: 'once', path: '/version' });
    await expect(version()).rejects.toMatchObject({ code: 'PROXMOX_REFUSED' });
    await expect(version()).resolves.toMatchObject({});
  });

  it.each([
    ['drop', 9111],
    ['hang', 9112],
  ] as const)('never sends a write twice (%s), and finds the task it started', async (kind, vmid) => {
    const transport = await connect(lab, 'api', { settings: { timeout: 2 } });
    const io = createConsole({
      stdout: new Capture(),
      stderr: new Capture(),
      stdin: {},
      env: {},
      json: false,
      debug: false,
    });
    try {
      const client = await makeClient(transport, io);
      const before = await tasks('qmcreate', vmid);
      await fault(lab, { kind, method: 'POST', path: '/qemu' });
      const done = await runTask(
        client,
        () => client.request('POST', `${node}/qemu`, { vmid, memory: 64 }),
        { node: toNodeName(lab.node), type: 'qmcreate', vmid: toVmid(vmid) },
        { io, clock: systemClock, signal: new AbortController().signal, timeoutMs: 20_000, label: 'creating' },
      );
      expect(done).toMatchObject({ status: 'OK' });
      expect(await tasks('qmcreate', vmid)).toBe(before + 1);
      expect(io.warnings).toHaveLength(1);
    } finally {
      await ask(transport, 'DELETE', `${node}/qemu/${vmid}`);
      await transport.close();
    }
  });

  it('leaves a write that never started as unknown', async () => {
    const transport = await connect(lab, 'api');
    try {
      await fault(lab, { kind: 'status', status: 596, method: 'POST', path: '/qemu' });
      await expect(ask(transport, 'POST', `${node}/qemu`, { vmid: 9113 })).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
      });
      expect(await tasks('qmcreate', 9113)).toBe(0);
    } finally {
      await transport.close();
    }
  });

  it('that leads nowhere is told in words', async () => {
    await expect(version({ settings: { port: 1 } })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('nothing listens there') as string,
    });
    await expect(version({ settings: { host: 'no-such-host.invalid' } })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('does not resolve') as string,
    });
  }, 30_000);
});
