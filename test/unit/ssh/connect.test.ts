import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interrupted } from '../../../plugins/kit/src/errors.js';
import { openSsh } from '../../../plugins/kit/src/ssh/connect.js';
import { makeKeyPair } from '../../support/key-pair.js';

describe('a connection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-connect-'));
  const { private: key, public: hostKey } = makeKeyPair();
  let accept: (socket: Socket) => void = () => {};
  const server = createServer((socket) => accept(socket.on('error', () => {})));

  beforeAll(async () => {
    writeFileSync(join(folder, 'key'), key, { mode: 0o600 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const open = (signal: AbortSignal): Promise<unknown> =>
    openSsh(
      {
        host: '127.0.0.1',
        port: (server.address() as AddressInfo).port,
        user: 'x',
        identityFile: join(folder, 'key'),
        trust: { pinned: [hostKey] },
        proxyJump: 'none',
        connectTimeoutMs: 60_000,
      },
      { signal },
    );

  it.each([0, 1, 5, 50])('is given up at once, %i ms after it was taken', async (ms) => {
    const abort = new AbortController();
    accept = () => void setTimeout(() => abort.abort(interrupted()), ms);
    await expect(open(abort.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it.each([0, 1, 5, 50])('that is closed %i ms after it was taken cannot be used', async (ms) => {
    accept = (socket) => void setTimeout(() => socket.destroy(), ms);
    await expect(open(new AbortController().signal)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});
