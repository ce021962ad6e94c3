import { ZebuError } from '@zebu/kit';
import type { PulledImage } from './declared.js';
import { parseReference, TAG } from './reference.js';

/** What is asked for: `web=1.2`, or `web=registry.example.org/web:1.2`. */
export interface Wish {
  readonly service: string;
  readonly to: string;
}

/** @throws USAGE */
function parseWish(text: string): Wish {
  const cut = text.indexOf('=');
  const [service, to] = [text.slice(0, Math.max(0, cut)), text.slice(cut + 1)];
  const named = /[/:@]/.test(to);
  if (service !== '' && (named ? parseReference(to) !== undefined && !/\s/.test(to) : TAG.test(to)))
    return { service, to };
  throw new ZebuError('USAGE', `${text} names no service and tag`, {
    hint: 'As in web=1.2, or web=registry.example.org/web:1.2 for another image.',
    details: { given: text },
  });
}

/** @throws USAGE for none, and for a service that is there twice */
export function readWishes(texts: readonly string[]): readonly Wish[] {
  if (texts.length === 0)
    throw new ZebuError('USAGE', 'There is nothing to change', { hint: 'As in zebu app:upgrade web=1.2' });
  const wishes = texts.map(parseWish);
  const twice = wishes.find(({ service }, index) => wishes.findIndex((other) => other.service === service) < index);
  if (twice === undefined) return wishes;
  throw new ZebuError('USAGE', `${twice.service} is there twice`, { hint: 'Name each service once.' });
}

/** One place in one file. */
export interface Edit {
  readonly service: string;
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

const REASONS = {
  alias: 'it is an alias (*) of what stands elsewhere',
  anchor: 'it has an anchor (&), by which others have it, too',
  folded: 'it is written in a way that only a person can change',
  merged: 'it comes from what is merged in (<<)',
} as const;

/** Where the tag begins, with its colon, and a digest; what variables stand for may have any character. */
function tagOf(text: string): number {
  const opaque = text.replaceAll(/\$\{[^}]*\}+|\$\w+/g, (all) => '_'.repeat(all.length));
  const [name = ''] = opaque.split('@');
  const colon = name.lastIndexOf(':');
  if (colon > name.lastIndexOf('/')) return colon;
  // A variable at the end may bring its own.
  const last = text.slice(name.lastIndexOf('/') + 1);
  return last.includes('$') ? name.lastIndexOf('/') + 1 : name.length;
}

/**
 * What changes in the file; undefined where it says so already.
 * @throws COMPOSE_INVALID naming file and line where it cannot be changed without changing something else
 */
export function planEdit(image: PulledImage, { to }: Wish): Edit | undefined {
  const { service, file, line, text, written } = image;
  const refused = (why: string, hint: string): ZebuError =>
    new ZebuError('COMPOSE_INVALID', `${file}:${line}: the image of ${service} cannot be changed here: ${why}`, {
      hint,
      details: { file, line, service },
    });
  if (written.kind !== 'scalar') throw refused(REASONS[written.kind], `Change it by hand: ${text}`);
  const whole = /[/:@]/.test(to);
  const changed = whole ? text : text.slice(tagOf(text));
  const variable = /\$\{?([A-Za-z_]\w*)/.exec(changed)?.[1];
  if (variable !== undefined)
    throw refused(
      `its ${whole ? 'name' : 'tag'} has the variable ${variable} in it`,
      `Change it where ${variable} is set, in .env or the settings of CI.`,
    );
  const next = whole ? to : `${text.slice(0, tagOf(text))}:${to}`;
  return next === text
    ? undefined
    : { service, file, line, start: written.start, end: written.end, from: text, to: next };
}

/** The text with all edits of one file in it; nothing else of it changes. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let changed = text;
  for (const { start, end, to } of edits.toSorted((a, b) => b.start - a.start))
    changed = changed.slice(0, start) + to + changed.slice(end);
  return changed;
}

/** The lines that change, as a diff shows them. */
export function diffLines(file: string, before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    `--- ${file}`,
    `+++ ${file}`,
    ...old.flatMap((line, index) => {
      const next = now[index];
      return next === undefined || next === line
        ? []
        : [`@@ line ${index + 1} @@`, `-${line.replace(/\r$/, '')}`, `+${next.replace(/\r$/, '')}`];
    }),
  ];
}
