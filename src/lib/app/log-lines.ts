import { joined, printable, shown, styled, type Printable } from '@zebu/kit/core';
import type { LogLine } from './results.js';

/** Container name without the project → service. */
export type Containers = ReadonlyMap<string, string>;

/** Compose's own prefix: `web-1  | text`, or with timestamps `web-1  | 2026-11-24T05:30:00.1Z text`. */
export function parseLogLine(text: string, containers: Containers, timestamps: boolean): LogLine {
  const cut = text.indexOf('|');
  const container = cut < 0 ? '' : text.slice(0, cut).trimEnd();
  if (container === '' || container.includes(' ')) return { service: '', container: '', time: null, line: text };
  // One that was started after the list was made: its number is the last part of its name.
  const service = containers.get(container) ?? container.replace(/-\d+$/, '');
  const rest = text.slice(text[cut + 1] === ' ' ? cut + 2 : cut + 1);
  if (!timestamps) return { service, container, time: null, line: rest };
  const space = rest.indexOf(' ');
  const [time, line] = space < 0 ? [rest, ''] : [rest.slice(0, space), rest.slice(space + 1)];
  return /^\d{4}-\d\d-\d\dT/.test(time)
    ? { service, container, time, line }
    : { service, container, time: null, line: rest };
}

const COLORS = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const;

/** Lines for a person: who said it in front, in a colour of its own where there are colours, matches marked. */
export class LogPainter {
  readonly #names = new Map<string, string>();
  readonly #color: boolean;
  readonly #mark: RegExp | undefined;
  #width = 0;

  constructor(containers: Containers, color: boolean, mark: RegExp | undefined) {
    this.#color = color;
    this.#mark = mark === undefined ? undefined : new RegExp(mark.source, `${mark.flags}g`);
    const counts = new Map<string, number>();
    for (const service of containers.values()) counts.set(service, (counts.get(service) ?? 0) + 1);
    // The number of a container only says something where there are several.
    for (const [container, service] of containers)
      this.#add(container, (counts.get(service) ?? 0) > 1 ? container : service);
  }

  #add(container: string, name: string): string {
    this.#width = Math.max(this.#width, name.length);
    this.#names.set(container, name);
    return name;
  }

  paint({ container, time, line }: LogLine): Printable {
    if (container === '') return printable(line);
    const name = this.#names.get(container) ?? this.#add(container, container);
    const prefix = shown`${name.padEnd(this.#width)} |`;
    const moment = time === null ? shown`` : shown`${time} `;
    const text = printable(line);
    if (!this.#color) return joined([prefix, shown` `, moment, text]);
    const index = [...this.#names.keys()].indexOf(container);
    const color = COLORS[index % COLORS.length] ?? 'cyan';
    const mark = this.#mark;
    // `text` is printable already, and with it each match.
    const body =
      mark === undefined ? text : (text.replace(mark, (match) => styled('inverse', printable(match))) as Printable);
    return joined([styled(color, prefix), shown` `, moment === '' ? moment : styled('dim', moment), body]);
  }
}
