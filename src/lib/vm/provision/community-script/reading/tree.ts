/** What a shell script says, as far as it decides which questions it asks: not a shell, and nothing is run. */

/** A piece of a word. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `$name`, `${name}`, `$1`; `otherwise` is of `${name:-word}`. */
  | { readonly kind: 'variable'; readonly name: string; readonly otherwise?: string }
  | { readonly kind: 'output'; readonly body: List }
  /** Anything whose value is not worked out. */
  | { readonly kind: 'unknown' };

export type Word = readonly Part[];

export interface Assignment {
  readonly name: string;
  /** Undefined for a list, and for what is added to a value. */
  readonly value: Word | undefined;
  /** Commands that run for it. */
  readonly within: readonly Word[];
}

export type Command =
  | {
      readonly kind: 'simple';
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      /** Files given by commands: `source <(curl …)`. */
      readonly line: number;
    }
  | { readonly kind: 'if'; readonly arms: readonly Arm[]; readonly otherwise: List | undefined }
  | { readonly kind: 'loop'; readonly condition: List; readonly body: List }
  | { readonly kind: 'case'; readonly word: Word; readonly arms: readonly CaseArm[] }
  | { readonly kind: 'group'; readonly body: List; readonly apart: boolean }
  | { readonly kind: 'function'; readonly name: string; readonly body: List }
  /** `[[ … ]]` and `(( … ))`, as written. */
  | { readonly kind: 'test'; readonly text: string }
  | { readonly kind: 'not'; readonly command: Command }
  | { readonly kind: 'pipe'; readonly commands: readonly Command[] }
  | { readonly kind: 'chain'; readonly first: Command; readonly rest: readonly Link[] };

export interface Link {
  readonly after: 'failure' | 'success';
  readonly command: Command;
}

export interface Arm {
  readonly condition: List;
  readonly body: List;
}

export interface CaseArm {
  /** As written, without quotes. */
  readonly patterns: readonly string[];
  readonly body: List;
}

export type List = readonly Command[];
