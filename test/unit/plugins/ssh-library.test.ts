import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type * as ssh2 from 'ssh2';

const { Server, utils } = createRequire(import.meta.url)('ssh2') as typeof ssh2;

/** What is used of node-ssh. */
interface Connection {
  connect(config: object): Promise<unknown>;
  execCommand(line: string, options: { readonly stdin: string }): Promise<{ readonly stdout: string }>;
  dispose(): void;
}

const servers: ssh2.Server[] = [];
afterAll(() => servers.forEach((server) => void server.close()));

/** Says back what it was told, over these algorithms alone. */
async function listening(algorithms: object): Promise<number> {
  const hostKeys = [utils.generateKeyPairSync('ed25519').private];
  const server = new Server({ hostKeys, algorithms }, (client) => {
    client.on('authentication', (asked) => asked.accept());
    client.on('session', (accept) =>
      accept().on('exec', (start) => {
        const channel = start();
        channel.pipe(channel);
        channel.once('end', () => {
          channel.exit(0);
          channel.end();
        });
      }),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('the SSH library as it is built', () => {
  it.each([
    ['the cipher that needs WebAssembly', { cipher: ['chacha20-poly1305@openssh.com'] }],
    ['ciphers of Node', { cipher: ['aes256-gcm@openssh.com'] }],
    ['ciphers with a code of their own for each packet', { cipher: ['aes128-ctr'], hmac: ['hmac-sha2-256'] }],
    ['compression', { compress: ['zlib@openssh.com'] }],
  ])('does %s', async (_, algorithms) => {
    const built = '../../../plugins/kit/dist/ssh/library.js';
    const { NodeSSH } = (await import(built)) as { NodeSSH: new () => Connection };
    const port = await listening(algorithms);
    const text = 'a line of many\n'.repeat(20_000);
    // Two at a time: what is made ready once serves both.
    const said = await Promise.all(
      [1, 2].map(async (n) => {
        const ssh = new NodeSSH();
        await ssh.connect({ host: '127.0.0.1', port, username: 'a', password: 'b', algorithms });
        const { stdout } = await ssh.execCommand('cat', { stdin: `${n}${text}` });
        ssh.dispose();
        return stdout;
      }),
    );
    expect(said).toEqual([1, 2].map((n) => `${n}${text}`.trim()));
  });
});
