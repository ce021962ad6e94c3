import type { AgentChannel } from './backend.js';
import { AgentRefused } from './qga.js';

/** What an agent does while file systems are frozen. */
const WHILE_FROZEN = /^guest-(ping|info|sync|sync-delimited|fsfreeze-status|fsfreeze-thaw)$/;

/**
 * The agent of a guest whose file systems are this machine's own: freezing them for real would stop the machine. So it is
 * only said that they are frozen, and everything is refused that a frozen guest refuses.
 */
export class FreezeGate implements AgentChannel {
  readonly #inner: AgentChannel;
  readonly #frozen: Set<string>;
  readonly #guest: string;

  /** @param frozen guests that are frozen, shared by all gates of a backend */
  constructor(inner: AgentChannel, frozen: Set<string>, guest: string) {
    this.#inner = inner;
    this.#frozen = frozen;
    this.#guest = guest;
  }

  /** @throws AgentDown, AgentRefused */
  async call(command: string, args?: Record<string, unknown>, timeoutMs?: number): Promise<unknown> {
    const frozen = this.#frozen.has(this.#guest);
    if (frozen && !WHILE_FROZEN.test(command))
      throw new AgentRefused('CommandNotFound', `Command ${command} has been disabled: the command is not allowed`);
    // A guest that is held still for a backup cannot answer this itself.
    if (frozen && command === 'guest-ping') return {};
    if (command === 'guest-fsfreeze-status') {
      if (!frozen) await this.#inner.call('guest-ping', undefined, timeoutMs);
      return frozen ? 'frozen' : 'thawed';
    }
    if (command === 'guest-fsfreeze-freeze') {
      await this.#inner.call('guest-ping', undefined, timeoutMs);
      this.#frozen.add(this.#guest);
      return 1;
    }
    if (command === 'guest-fsfreeze-thaw') {
      if (!frozen) await this.#inner.call('guest-ping', undefined, timeoutMs);
      return this.#frozen.delete(this.#guest) ? 1 : 0;
    }
    return this.#inner.call(command, args, timeoutMs);
  }
}
