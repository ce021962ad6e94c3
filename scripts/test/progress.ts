import type { Reporter, TestModule, TestSpecification } from 'vitest/node';

/** Milliseconds between two lines at least. */
const EVERY = 30_000;

const minutes = (ms: number): string => `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;

/** How far a run is, where nobody redraws a screen: a line now and then. */
export default class Progress implements Reporter {
  #files = 0;
  #done = 0;
  #tests = 0;
  #failed = 0;
  readonly #started = Date.now();
  #said = Date.now();

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#files = specifications.length;
  }

  onTestModuleEnd(module: TestModule): void {
    this.#done++;
    for (const test of module.children.allTests()) {
      this.#tests++;
      if (test.result().state === 'failed') this.#failed++;
    }
    if (Date.now() - this.#said < EVERY) return;
    this.#said = Date.now();
    const failed = this.#failed === 0 ? '' : `, ${this.#failed} failed`;
    console.log(
      `== ${this.#done} of ${this.#files} files, ${this.#tests} tests${failed}, ${minutes(Date.now() - this.#started)}`,
    );
  }
}
