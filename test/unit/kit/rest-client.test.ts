import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../plugins/kit/src/console.js';
import { RestClient, type RestWire } from '../../../plugins/kit/src/rest/index.js';
import { Capture } from '../../support/capture.js';

const never = new Promise<never>(() => {});

function client(wire: Partial<RestWire>, timeoutMs: number): RestClient {
  const [stdout, stderr] = [new Capture(), new Capture()];
  return new RestClient({
    io: createConsole({ stdout, stderr, stdin: {}, env: {}, json: false, debug: false }),
    signal: new AbortController().signal,
    timeoutMs,
    wire: {
      where: 'root@pve:22',
      unreachableHint: 'Does pveproxy run on it?',
      open: () => never,
      credential: async () => ({}),
      ...wire,
    },
  });
}

describe('the time for one request', () => {
  it('is also that for making the credential', async () => {
    await expect(client({ credential: () => never }, 40).doRequest('GET', '/version')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: 'Cannot reach Proxmox at root@pve:22: no credential within 1 s',
    });
  });

  it('leaves a write undone of which not even the credential was there', async () => {
    await expect(client({ credential: () => never }, 40).doRequest('POST', '/nodes')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  it('is one for credential and connection together', async () => {
    const started = performance.now();
    const credential = () => new Promise<object>((resolve) => setTimeout(() => resolve({}), 150)) as never;
    await expect(client({ credential }, 200).doRequest('GET', '/version')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    expect(performance.now() - started).toBeLessThan(345);
  });
});
