import { createConnection, createServer } from 'node:net';

/**
 * What listens on the node's own loopback: `loopback.js API-SOCKET`. Its API server runs outside, so that several labs can
 * have one each. Stays for as long as the node is up.
 */

/** As on every node; pveproxy has no other. */
const API_PORT = 8006;

const [api = ''] = process.argv.slice(2);
const server = createServer((incoming) => {
  const outgoing = createConnection(api);
  incoming.pipe(outgoing).pipe(incoming);
  incoming.on('error', () => outgoing.destroy());
  outgoing.on('error', () => incoming.destroy());
});
server.listen(API_PORT, '127.0.0.1', () => process.stdout.write('ready\n'));
