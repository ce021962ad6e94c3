import { type Sensitive } from '@zebu/kit';
import { strengthOfValue } from '@zebu/kit/core';

/** What to know of values that cannot be hidden everywhere, a sentence for each kind. */
export function maskingLimits(values: ReadonlyMap<string, Sensitive>): readonly string[] {
  const found = (strength: string): readonly string[] =>
    [...values].flatMap(([name, value]) => (strengthOfValue(value.reveal()) === strength ? [name] : []));
  const [never, word] = [found('never'), found('word')];
  return [
    ...(never.length === 0 ? [] : [`too short to be masked: ${never.join(', ')}`]),
    ...(word.length === 0 ? [] : [`short or common, so masked only as a whole word: ${word.join(', ')}`]),
  ];
}
