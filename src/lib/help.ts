import { Help as OclifHelp } from '@oclif/core';
import { processConsole } from '@zebu/kit';

/** What oclif prints as help, read as every other long output is. */
export default class Help extends OclifHelp {
  // Help is text, whatever else is asked for.
  readonly #io = processConsole([]);

  override async showHelp(argv: string[]): Promise<void> {
    if (!argv.includes('--no-pager')) this.#io.page(() => process.exit(0));
    await super.showHelp(argv.filter((arg) => arg !== '--no-pager'));
    await this.#io.endPage();
  }

  protected override log(...lines: string[]): void {
    for (const line of lines) this.#io.out(line);
  }
}
