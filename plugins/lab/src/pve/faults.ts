import type { Tasks } from './tasks.js';

/** Faults that tests ask for, over the control socket only. */
export interface FaultRequest {
  /**
   * `status`: answer with it (596 with `reason`) instead of doing anything; `drop`: carry the request out, then close the
   * connection without an answer; `hang`: carry it out and never answer; `fail-task`, `delay-task`: for the next task.
   */
  readonly kind: 'delay-task' | 'drop' | 'fail-task' | 'hang' | 'status';
  /** Of requests: only this method. */
  readonly method?: string;
  /** Of requests: those of the host's own programs, too, which are spared otherwise. */
  readonly local?: boolean;
  /** Of requests: only paths that contain this. */
  readonly path?: string;
  /** How many requests; 1 when left out. */
  readonly count?: number;
  readonly status?: number;
  /** The reason phrase, or a task's error. */
  readonly reason?: string;
  /** Type of a task, such as `qmstart`. */
  readonly task?: string;
  readonly ms?: number;
}

export class Faults {
  #waiting: { request: FaultRequest; left: number }[] = [];

  add(request: FaultRequest, tasks: Tasks): void {
    if (request.kind === 'fail-task') tasks.failNext(request.task ?? '', request.reason ?? 'injected failure');
    else if (request.kind === 'delay-task') tasks.delayNext(request.task ?? '', request.ms ?? 1000);
    else this.#waiting.push({ request, left: request.count ?? 1 });
  }

  /** Takes back what nothing has met yet. */
  clear(tasks: Tasks): void {
    this.#waiting = [];
    tasks.clearTrouble();
  }

  /** The fault that was asked for such a request; undefined when there is none. It counts as used once. */
  take(method: string, path: string, local = false): FaultRequest | undefined {
    const found = this.#waiting.find(
      ({ request }) =>
        (!local || request.local === true) &&
        (request.method === undefined || request.method === method) &&
        (request.path === undefined || path.includes(request.path)),
    );
    if (found === undefined) return undefined;
    found.left--;
    this.#waiting = this.#waiting.filter(({ left }) => left > 0);
    return found.request;
  }
}
