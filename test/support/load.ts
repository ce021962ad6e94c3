import { Agent, get } from 'node:http';

export interface LoadReport {
  readonly requests: number;
  /** One line for each request without the answer 200. */
  readonly failures: readonly string[];
  /** Milliseconds. */
  readonly slowest: number;
  /** Every distinct body, in the order first seen. */
  readonly bodies: readonly string[];
}

/** Requests without a pause from several clients that keep their connections, as browsers and proxies do. */
export function startLoad(url: string, clients: number): { stop(): Promise<LoadReport> } {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const report = { requests: 0, failures: [] as string[], slowest: 0, bodies: new Set<string>() };
  let going = true;
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const begun = performance.now();
      const end = (failure?: string): void => {
        report.requests++;
        report.slowest = Math.max(report.slowest, performance.now() - begun);
        if (failure !== undefined) report.failures.push(`${new Date().toISOString()} ${failure}`);
        resolve();
      };
      get(url, { agent, timeout: 60_000 }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.once('end', () => {
          report.bodies.add(body.trim());
          end(response.statusCode === 200 ? undefined : `status ${response.statusCode ?? 0}`);
        });
        response.once('error', (error) => end(error.message));
      })
        .once('timeout', function (this: { destroy(error: Error): void }) {
          this.destroy(new Error('no answer within 60 s'));
        })
        .once('error', (error) => end(error.message));
    });
  const client = async (): Promise<void> => {
    while (going) {
      await once();
      // A thousand requests a second are load enough for a guest that is to deploy meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    stop: async () => {
      going = false;
      await Promise.all(running);
      agent.destroy();
      return { ...report, bodies: [...report.bodies] };
    },
  };
}
