import { stripVTControlCharacters } from 'node:util';
import { Help as OclifHelp, type Interfaces } from '@oclif/core';
import { joined, jsonLine, processConsole, shown, standard, success, write } from '@zebu/kit/core';
import { unknownCommand } from './argv.js';

/** @param words of the command line; those after `--` belong to the command that is run in a container */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** What oclif prints as help, read as every other long output is. */
export default class Help extends OclifHelp {
  readonly #io = processConsole([]);
  /** Under `--json` help is a result as any other. */
  readonly #lines: string[] | undefined = asksForJson(process.argv.slice(2)) ? [] : undefined;

  /** oclif takes `up` for a topic, since there is a `vm:backup:list`. */
  protected override get sortedTopics(): Interfaces.Topic[] {
    return super.sortedTopics.filter(({ name }) => this.config.commandIDs.some((id) => id.startsWith(`${name}:`)));
  }

  override async showHelp(argv: string[]): Promise<void> {
    const subject = argv.find((arg) => !arg.startsWith('-'));
    if (
      subject !== undefined &&
      this.config.findCommand(subject) === undefined &&
      this.config.findTopic(subject) === undefined
    )
      throw unknownCommand(subject, this.config);
    if (!argv.includes('--no-pager') && this.#lines === undefined) this.#io.page(() => process.exit(0));
    await super.showHelp(argv.filter((arg) => arg !== '--no-pager' && arg !== '--json'));
    await this.#io.endPage();
    if (this.#lines === undefined) return;
    const text = stripVTControlCharacters(this.#lines.join('\n'));
    write(standard('stdout'), joined([jsonLine(success('help', { text }, [])), shown`\n`]));
  }

  protected override log(...lines: string[]): void {
    for (const line of lines)
      if (this.#lines === undefined) this.#io.out(line);
      else this.#lines.push(line);
  }
}
