import { readdirSync, readFileSync } from 'node:fs';
import { SPELLINGS } from './spellings.js';

/** Base64 of the bytes wherever it stands inside longer base64: what the neighbours share no character with. */
function base64Inside(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice([0, 2, 3][offset], Math.floor(((offset + bytes.length) * 8) / 6)),
  );
}

/**
 * The spellings a leak is looked for in: as it is, JSON, base64 at any offset and of either alphabet, hex, URL, shells, HTML,
 * and cut off. Each line of a value with several on its own. Written apart from what masks, so that it finds what that forgets.
 */
function spellings(value: string): readonly string[] {
  return [value, ...value.split('\n')]
    .filter((part) => part.length > 3)
    .flatMap((part) => {
      const bytes = Buffer.from(part);
      const base64 = base64Inside(bytes);
      const url = encodeURIComponent(part);
      const hex = bytes.toString('hex');
      return [
        part,
        JSON.stringify(part).slice(1, -1),
        ...base64,
        ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
        hex,
        hex.toUpperCase(),
        url,
        url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
        // Whatever else somebody may have written it with.
        ...SPELLINGS.filter(({ name }) => !/cut off|folded|lines|at \d/.test(name)).map(({ spell }) => spell(part)),
        // And cut off, on either side.
        ...(part.length >= 24 ? [part.slice(0, 20), part.slice(-20)] : []),
      ];
    });
}

/** Of values that were looked for before: many texts are searched for the same. */
const spelled = new Map<string, readonly string[]>();

function spellingsOf(value: string): readonly string[] {
  const known = spelled.get(value) ?? [...new Set(spellings(value))];
  spelled.set(value, known);
  return known;
}

/** Names of the values that are in the text in any spelling. */
export function leaks(text: string, values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values)
    .filter(([, value]) => spellingsOf(value).some((form) => text.includes(form)))
    .map(([name]) => name);
}

export interface ProcessWatch {
  /** Command lines, and of what is no process of the app its environment. */
  readonly seen: Set<string>;
  stop(): void;
}

/** Programs that zebu starts here and in the guest; those of the app's containers are given values on purpose. */
const OURS = /(^|\/)(ssh|sshd[^\0]*|docker|docker-compose|docker-buildx|git|node|timeout|setsid|flock|tail|sed|awk)\0/;
/** A program may do `exec` into another one while it is young. */
const YOUNG = 20;

/** Samples all processes of this machine, among them those of a namespace guest. */
export function watchProcesses(everyMs = 25): ProcessWatch {
  const seen = new Set<string>();
  const looked = new Map<string, number>();
  const sample = (): void => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const times = looked.get(pid) ?? 0;
      if (times > YOUNG) continue;
      looked.set(pid, times + 1);
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        seen.add(line);
        const program = OURS.exec(line)?.[0].replace('\0', '');
        if (program !== undefined)
          seen.add(`environment of ${program}\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const timer = setInterval(sample, everyMs);
  return { seen, stop: () => clearInterval(timer) };
}
