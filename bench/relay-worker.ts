/** The relay itself, in a thread of its own: the benchmark's waits for whole programs. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { RelayData } from './relay.ts';

const { host, port, delayMs, counters } = workerData as RelayData;
const counts = new Int32Array(counters);

/** Passes on in order, each piece late. */
function pass(from: Socket, to: Socket, index: number): void {
  from.on('data', (chunk: Buffer) => {
    Atomics.add(counts, index, chunk.length);
    setTimeout(() => to.write(chunk), delayMs);
  });
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('error', () => to.destroy());
}

const server = createServer((client) => {
  const far = connect({ host, port, noDelay: true });
  client.setNoDelay(true);
  pass(client, far, 0);
  pass(far, client, 1);
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
