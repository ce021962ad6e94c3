import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { descriptorCases, transportCases } from '@zebu/kit/conformance';
import hook from '../src/hook.js';
import { TOKEN_VARIABLE } from '../src/keys.js';
import { factory } from '../src/transport.js';

// Enough of a node for the contract. `zebu lab:up` makes one that can do everything; its report says how to reach it.
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/version': { version: '8.4.1' },
  '/nodes': [{ node: 'pve', type: 'node' }],
  '/cluster/resources?type=node': [{ node: 'pve', type: 'node' }],
};
const node = createServer(({ url = '', headers }, response) => {
  const data = ANSWERS[url.replace('/api2/json', '')];
  response.statusCode = headers.authorization !== 'PVEAPIToken=right' ? 401 : data === undefined ? 500 : 200;
  if (data === undefined) response.statusMessage = 'Configuration file does not exist';
  response.end(JSON.stringify({ data: data ?? null }));
});
await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
after(() => void node.close());

const settings = { host: '127.0.0.1', port: (node.address() as AddressInfo).port, __key___scheme: 'http' };
const cases = [
  ...descriptorCases(hook),
  ...transportCases({
    factory,
    settings,
    env: { [TOKEN_VARIABLE]: 'right', WRONG: 'wrong' },
    refused: { ...settings, __key___token_env: 'WRONG' },
    unreachable: { ...settings, port: 1 },
  }),
];
for (const { name, run } of cases) test(name, run);
