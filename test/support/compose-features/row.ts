/** How zebu takes a feature of Compose. */
export type Verdict = 'as Compose' | 'better' | 'refused';

/** A feature of the Compose specification, and what proves what is said of it. */
export interface Row {
  /** From the top of a Compose file, as the specification names it: `services.build.args`. Covers what is below it. */
  readonly name: string;
  readonly as: Verdict;
  /** What a person has to know; what has nothing to be known is said in one line with its like. */
  readonly says?: string;
  readonly proof: Proof;
}

type Proof =
  /** It stands in test/fixtures/compose-features: the rendered service and the container are those of plain Compose. */
  | { readonly kind: 'as Compose' }
  /** This Compose file is refused, with a sentence that matches. */
  | { readonly kind: 'refused'; readonly file: object | string; readonly why: RegExp }
  /** The Compose of Debian 13 does not know it: it says so by name, and so does zebu. */
  | { readonly kind: 'newer'; readonly file: object }
  /** A test of this name, in that file of the folder `test`. */
  | { readonly kind: 'test'; readonly file: string; readonly title: string };

export const asCompose = (name: string, says?: string): Row => ({
  name,
  as: 'as Compose',
  ...(says === undefined ? {} : { says }),
  proof: { kind: 'as Compose' },
});

export const tested = (as: Verdict, name: string, says: string, file: string, title: string): Row => ({
  name,
  as,
  says,
  proof: { kind: 'test', file, title },
});

export const refused = (name: string, says: string, file: object | string, why: RegExp): Row => ({
  name,
  as: 'refused',
  says,
  proof: { kind: 'refused', file, why },
});

const NEEDS = 'where the Compose of the VM knows it; else refused by name (as by 2.26 of Debian 13)';
/** @param service what a service has; @param top what stands beside `services` */
export const newer = (name: string, service: object, says = '', top: object = {}): Row => ({
  name,
  as: 'as Compose',
  says: says === '' ? NEEDS : `${says}; ${NEEDS}`,
  proof: { kind: 'newer', file: { services: { one: { image: 'base:1', ...service } }, ...top } },
});
