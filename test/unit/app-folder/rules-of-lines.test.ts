import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import * as ofLines from '../../../src/lib/app-folder/built-rules.js';
import { containerLine } from '../../../src/lib/app-folder/container-schema.js';
import { releaseRecord } from '../../../src/lib/app-folder/history-schema.js';
import { holderNote } from '../../../src/lib/app-folder/holder-schema.js';
import { dumpProof, proof } from '../../../src/lib/app-folder/proof-schemas.js';
import { versionRecord } from '../../../src/lib/app-folder/secrets/version-schema.js';
import { accepted, acceptedJson, type Rule } from '../../../src/lib/config/rules.js';
import * as ofJournals from '../../../src/lib/runs/built-rules.js';
import * as journal from '../../../src/lib/runs/journal-schemas.js';
import { madeUp, picker } from '../../support/random-config.js';

const RULES: Readonly<Record<string, Rule>> = { ...ofLines, ...ofJournals };
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  containerLine,
  releaseLine: releaseRecord,
  holderLine: holderNote,
  proofLine: proof,
  dumpProofLine: dumpProof,
  secretVersionLine: versionRecord,
  ...journal,
};

/** Kinds of rules that are not always sure; nobody asks the schema of a line of the VM. */
const UNSURE = ['url', 'ipv6'];

const kinds = (rule: unknown): readonly string[] =>
  typeof rule !== 'object' || rule === null
    ? []
    : [...('is' in rule ? [String(rule.is)] : []), ...Object.values(rule).flatMap(kinds)];

describe('rules of lines that the VM has', () => {
  it('are those of the schemas that are named here, all of them', () => {
    expect(Object.keys(RULES).toSorted()).toEqual(Object.keys(SCHEMAS).toSorted());
  });

  it.each(Object.keys(RULES))('%s: accept what the schema accepts and nothing else, and give what it gives', (name) => {
    // As the build has them.
    const rule = JSON.parse(JSON.stringify(RULES[name])) as Rule;
    expect(kinds(rule).filter((kind) => UNSURE.includes(kind))).toEqual([]);
    let [taken, refused] = [0, 0];
    for (let seed = 0; seed < 3000; seed++) {
      const pick = picker(seed * 7919 + 1);
      const value = madeUp(pick, rule, [0, 1, 4, 20][seed % 4] ?? 0);
      const parsed = SCHEMAS[name]?.safeParse(value);
      const result = accepted(value, rule);
      const same = isDeepStrictEqual(result, parsed?.data) && JSON.stringify(result) === JSON.stringify(parsed?.data);
      if (!same) expect(result, `seed ${seed}: ${JSON.stringify(value)}`).toStrictEqual(parsed?.data);
      if (!same) expect.fail(`seed ${seed}: the order of the keys`);
      if (parsed?.success === true) taken += 1;
      else refused += 1;
    }
    // Otherwise this has shown nothing.
    expect(taken).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(100);
  });

  it('leave out, as the schema does, a name that would be another prototype', () => {
    const line = '{"end":"live","reason":"","__proto__":{"x":1},"gaps":{"__proto__":1,"constructor":2,"web":3}}';
    const end = acceptedJson(line, ofJournals.endLine);
    expect(end).toStrictEqual(journal.endLine.parse(JSON.parse(line)));
    expect(Object.keys(end?.gaps ?? {})).toEqual(['constructor', 'web']);
  });

  it.each([undefined, '', '{"step":"build","li', 'null', '[]'])('are not met by %j', (text) => {
    expect(acceptedJson(text, ofJournals.outputLine)).toBeUndefined();
  });
});
