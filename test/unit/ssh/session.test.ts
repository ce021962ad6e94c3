import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import ssh2 from 'ssh2';
import { ConnectedSession } from '../../../plugins/kit/src/ssh/session.js';
import { makeKeyPair } from '../../support/key-pair.js';

/** A server whose commands have ended by the time it says that they were started: all of it comes in one read. */
describe('a command that ends at once', () => {
  const server = new ssh2.Server({ hostKeys: [makeKeyPair().private] }, (client) => {
    client.on('authentication', (login) => login.accept());
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (accept, _reject, { command }) => {
        const channel = accept();
        channel.write(command);
        if (command === 'killed') channel.exit('TERM', false, '');
        else if (command !== 'cut off') channel.exit(3);
        channel.end();
      });
    });
    client.on('error', () => {});
  });
  const client = new ssh2.Client();
  let session: ConnectedSession;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client.connect({ host: '127.0.0.1', port, username: 'x', password: 'x' });
    await once(client, 'ready');
    session = new ConnectedSession('x@there', client, () => client.end());
  });
  afterAll(async () => {
    await session.close();
    server.close();
  });

  it('keeps its status and what it said', async () => {
    expect(await session.exec(['whoami'])).toEqual({ code: 3, signal: null, stdout: 'whoami', stderr: '' });
  });

  it('keeps the signal that ended it', async () => {
    expect(await session.exec(['killed'])).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('without a status was cut off with the link', async () => {
    await expect(session.exec({ line: 'cut off' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});
