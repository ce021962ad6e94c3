import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pveError, type Transport } from '@zebu/kit';
import { Redactor } from '@zebu/kit/core';
import { recorded } from '../../../src/lib/providers/recorder.js';

const folder = mkdtempSync(join(tmpdir(), 'zebu-recorder-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
/** Asks what is asked of a node that answers with `answer`, and gives the text that was written of it. */
async function written(answer: unknown, params: Record<string, unknown> = {}, path = '/nodes'): Promise<string> {
  const file = join(folder, String(count++));
  const redactor = new Redactor();
  redactor.add('hunter2-the-token');
  const transport: Transport = {
    id: 'fake',
    where: 'nowhere',
    doRequest: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
    close: async () => {},
  };
  const recording = recorded(transport, { file, redactor, hosts: ['hypervisor.example.org'] });
  await recording.doRequest('GET', `/api2/json${path}`, path, params).catch(() => {});
  return readFileSync(file, 'utf8');
}

describe('a recorded conversation', () => {
  it('has the shape of the recordings that the lab is held to', async () => {
    const line = await written([{ status: 'online' }], { type: 'node' });
    expect(JSON.parse(line)).toEqual({
      request: { method: 'GET', path: '/nodes', params: { type: 'node' } },
      response: { status: 200, statusText: 'OK', body: { data: [{ status: 'online' }] } },
      ms: expect.any(Number) as number,
    });
  });

  it('keeps a refusal as Proxmox put it, and says what became of a connection', async () => {
    const refusal = pveError({
      method: 'GET',
      path: '/x',
      status: 400,
      reason: 'Parameter verification failed.',
      errors: { cores: 'no' },
    });
    expect(JSON.parse(await written(refusal))).toMatchObject({
      response: { status: 400, statusText: 'Parameter verification failed.', body: { errors: { cores: 'no' } } },
    });
    expect(JSON.parse(await written(new Error('it closed the connection')))).toMatchObject({
      response: { status: null, statusText: 'it closed the connection' },
    });
  });

  it('holds no secret, no key, no name and no address', async () => {
    const text = await written(
      {
        sshkeys: 'ssh-ed25519 AAAAC3Nz me@laptop',
        cipassword: 'x',
        net0: 'virtio=BC:24:11:D7:C0:DE,bridge=vmbr0',
        ip: '198.51.100.7',
        note: 'hunter2-the-token on hypervisor.example.org',
      },
      { cipassword: 'open sesame', sshkeys: 'ssh-ed25519 AAAAC3Nz me@laptop' },
    );
    for (const secret of ['AAAAC3Nz', 'hunter2', 'open sesame', 'BC:24:11', '198.51.100.7', 'hypervisor'])
      expect(text).not.toContain(secret);
    expect(text).toContain('bridge=vmbr0');
  });

  it('hides what is set in a list of changes, and what is read and run in the guest, but nothing else there', async () => {
    const pending = [
      { key: 'sshkeys', value: 'AAAA', pending: 'BBBB' },
      { key: 'cores', value: 2 },
    ];
    expect(JSON.parse(await written(pending))).toMatchObject({
      response: { body: { data: [{ key: 'sshkeys', value: '[redacted]', pending: '[redacted]' }, { value: 2 }] } },
    });
    const run = await written({ 'out-data': 'of the guest', exited: 1 }, {}, '/nodes/pve/qemu/1/agent/exec-status');
    expect(JSON.parse(run)).toMatchObject({ response: { body: { data: { 'out-data': '[redacted]', exited: 1 } } } });
    const kept = await written('name: shop\nsshkeys: ssh-ed25519%20AAAAC3Nz%20me\ncores: 2\n');
    expect(kept).not.toContain('AAAAC3Nz');
    expect(kept).toContain('cores: 2');
    const storages = [{ storage: 'local', content: 'images,iso' }];
    expect(await written(storages, {}, '/nodes/pve/storage')).toContain('images,iso');
  });

  it('calls a node the same wherever it is named', async () => {
    const rows = [{ node: 'kitchen', id: 'node/kitchen', upid: 'UPID:kitchen:0001:' }];
    expect(JSON.parse(await written(rows, {}, '/nodes/kitchen/tasks'))).toMatchObject({
      request: { path: '/nodes/<host-2>/tasks' },
      response: { body: { data: [{ node: '<host-2>', id: 'node/<host-2>', upid: 'UPID:<host-2>:0001:' }] } },
    });
  });
});
