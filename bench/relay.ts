/** A TCP relay that counts what passes and makes it late: what a VM costs that is far away. */
import { Worker } from 'node:worker_threads';

export interface RelayData {
  readonly host: string;
  readonly port: number;
  readonly delayMs: number;
  readonly counters: SharedArrayBuffer;
}

export interface Relay {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Bytes from the client and to it, since this was asked last. */
  passed(): { readonly sent: number; readonly received: number };
  close(): Promise<void>;
}

/** @param delayMs one way; a round trip takes twice as long */
export async function openRelay(host: string, port: number, delayMs: number): Promise<Relay> {
  const counters = new SharedArrayBuffer(8);
  const counts = new Int32Array(counters);
  const workerData: RelayData = { host, port, delayMs, counters };
  const worker = new Worker(new URL('relay-worker.ts', import.meta.url), { workerData });
  // A benchmark that breaks ends all the same.
  worker.unref();
  const own = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    port: own,
    passed: () => ({ sent: Atomics.exchange(counts, 0, 0), received: Atomics.exchange(counts, 1, 0) }),
    close: async () => void (await worker.terminate()),
  };
}
