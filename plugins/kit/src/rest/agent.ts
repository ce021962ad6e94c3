import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Keeps and hands out connections that were opened, and judged, elsewhere. To Node they are plain: what is encrypted is so
 * already.
 */
export class ReadyAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  /** @param keepAlive false: a connection of its own for each request */
  constructor(open: () => Promise<Duplex>, keepAlive: boolean) {
    super({ keepAlive, maxSockets: 4 });
    this.#open = open;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#open().then(
      (stream) => callback?.(null, stream),
      // With an error there is no stream, whatever the types say.
      (error: unknown) => callback?.(error as Error, undefined as unknown as Duplex),
    );
  }
}
