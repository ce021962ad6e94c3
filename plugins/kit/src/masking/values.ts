import { toBytes } from './read.js';
import { GRAM, PIECE, PLACES, VARIED } from './readings.js';
import { spelled } from './spelled.js';
import { isCommon, secretLines, SHORTEST_MASKED, strengthOf, withoutScheme } from './strength.js';

type Hit = (start: number, end: number) => void;

interface Place {
  readonly spelling: string;
  readonly offset: number;
}

/** Of a rolling hash over GRAM characters. */
const FACTOR = 0x01_00_01_93;
const LEAVING = Array.from({ length: GRAM }).reduce<number>((product) => Math.imul(product, FACTOR), 1);

/**
 * The values, so that they are found in a time that depends on the length of the text alone: of each spelling some grams are
 * known, so close to each other that one is in every piece of it that matters, and every gram of the text is looked up.
 */
export class Values {
  readonly #known = new Set<string>();
  /** Values that are not indexed yet: a command that prints nothing needs no index. */
  readonly #fresh: string[] = [];
  readonly #grams = new Map<string, Place[]>();
  readonly #words = new Map<string, (readonly [word: string, common: boolean])[]>();
  readonly #initials = new Set<number>();
  readonly #spared = new Set<string>();
  /** A bit for each hash of a gram, which rules most of a text out without a look into the map. */
  #bits = new Uint8Array(1);

  get size(): number {
    return this.#known.size;
  }

  add(value: string): void {
    for (const line of secretLines(value)) {
      if (strengthOf(line) === 'never' || this.#known.has(line)) continue;
      this.#known.add(line);
      this.#fresh.push(line);
    }
  }

  /** A name that is printed anyway: a word that is a value as well stays readable. */
  spare(name: string): void {
    this.#spared.add(toBytes(name));
  }

  /** Calls `hit` with every place where a value, or enough of one, stands. @param text one character a byte */
  find(text: string, hit: Hit): void {
    if (this.#fresh.length > 0) this.#index();
    if (this.#grams.size > 0) this.#findPieces(text, hit);
    if (this.#words.size > 0) this.#findWords(text, hit);
  }

  #index(): void {
    for (const line of this.#fresh.splice(0)) {
      if (strengthOf(line) === 'word') {
        for (const word of spelled(toBytes(line), false)) this.#learnWord(word, isCommon(line));
        continue;
      }
      for (const spelling of spelled(toBytes(withoutScheme(line)), true)) this.#learnSpelling(spelling);
    }
    const size = 1 << Math.ceil(Math.log2(this.#grams.size * 8 + 1024));
    this.#bits = new Uint8Array(size);
    for (const gram of this.#grams.keys()) {
      let hash = 0;
      for (let i = 0; i < GRAM; i++) hash = (Math.imul(hash, FACTOR) + gram.charCodeAt(i)) | 0;
      this.#bits[(hash ^ (hash >>> 15)) & (size - 1)] = 1;
    }
  }

  #learnWord(word: string, common: boolean): void {
    this.#initials.add(word.charCodeAt(0));
    const key = word.slice(0, SHORTEST_MASKED);
    this.#words.set(key, [...(this.#words.get(key) ?? []), [word, common]]);
  }

  #learnSpelling(spelling: string): void {
    const last = spelling.length - GRAM;
    const step = Math.min(spelling.length, PIECE) - GRAM + 1;
    for (let offset = 0; offset <= last; offset += step) {
      const gram = spelling.slice(offset, offset + GRAM);
      const places = this.#grams.get(gram);
      if (places === undefined) this.#grams.set(gram, [{ spelling, offset }]);
      else if (places.length < PLACES) places.push({ spelling, offset });
    }
  }

  #findPieces(text: string, hit: Hit): void {
    const bits = this.#bits;
    const mask = bits.length - 1;
    let hash = 0;
    let done = 0;
    for (let end = 0; end < text.length; end++) {
      hash = (Math.imul(hash, FACTOR) + text.charCodeAt(end)) | 0;
      if (end >= GRAM) hash = (hash - Math.imul(LEAVING, text.charCodeAt(end - GRAM))) | 0;
      const at = end - GRAM + 1;
      if (at < done || bits[(hash ^ (hash >>> 15)) & mask] === 0) continue;
      const places = this.#grams.get(text.slice(at, end + 1));
      if (places === undefined) continue;
      for (const { spelling, offset } of places) {
        let start = at;
        while (
          start > 0 &&
          start > at - offset &&
          text.charCodeAt(start - 1) === spelling.charCodeAt(offset - (at - start) - 1)
        )
          start--;
        let behind = end + 1;
        while (
          behind - at + offset < spelling.length &&
          text.charCodeAt(behind) === spelling.charCodeAt(behind - at + offset)
        )
          behind++;
        const size = behind - start;
        if (size < spelling.length && size < PIECE) continue;
        if (size === spelling.length || isVaried(text, start, behind)) hit(start, behind);
        // Only matches that reach beyond this one are added.
        done = Math.max(done, behind - GRAM + 1);
        break;
      }
    }
  }

  #findWords(text: string, hit: Hit): void {
    for (let at = 0; at + SHORTEST_MASKED <= text.length; at++) {
      if (!this.#initials.has(text.charCodeAt(at))) continue;
      for (const [word, common] of this.#words.get(text.slice(at, at + SHORTEST_MASKED)) ?? []) {
        if (!text.startsWith(word, at) || this.#spared.has(word) || !standsAlone(text, at, at + word.length, common))
          continue;
        hit(at, at + word.length);
        break;
      }
    }
  }
}

function isVaried(text: string, start: number, end: number): boolean {
  const seen = new Set<number>();
  for (let at = start; at < end && seen.size < VARIED; at++) seen.add(text.charCodeAt(at));
  return seen.size >= VARIED;
}

const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code > 127;

/** Beside one of these, a common word is a part of a name, a path or an address. */
const JOINS = new Set([...'-./:@\\'].map((each) => each.charCodeAt(0)));
const [HYPHEN, SLASH, BRACKET] = [0x2d, 0x2f, 0x5d];

/** @param common a name or a number, which names, paths and addresses are made of */
function standsAlone(text: string, start: number, end: number, common: boolean): boolean {
  const code = (at: number): number => (at < 0 || at >= text.length ? 0 : text.charCodeAt(at));
  const [before, behind] = [code(start - 1), code(end)];
  if (isWord(before) || isWord(behind)) return false;
  if (!common) return before !== HYPHEN && behind !== HYPHEN;
  // `"PORT":8080` is no address, and `It is 8080.` is the end of a sentence.
  const joins = (near: number, beyond: number): boolean =>
    near === SLASH || (JOINS.has(near) && (isWord(beyond) || beyond === SLASH || beyond === BRACKET));
  return !joins(before, code(start - 2)) && !joins(behind, code(end + 1));
}
