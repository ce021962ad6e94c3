import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkBetweenSections } from '../../../src/lib/config/between-sections.js';
import { demand } from '../../../src/lib/config/demands.js';
import { deriveRules, deriveStrictRules } from '../../../src/lib/config/derive-rules.js';
import { accepted, type Rule } from '../../../src/lib/config/rules.js';
import { configSchema, type Config } from '../../../src/lib/config/schema.js';
import { madeUp, picker } from '../../support/random-config.js';

// As the build has them.
const rules = JSON.parse(JSON.stringify(deriveStrictRules(configSchema))) as Rule;

/** What load.ts makes of it before it asks the schema. */
function byRules(value: unknown): unknown {
  const result = accepted(value, rules);
  let refused = false;
  if (result !== undefined) checkBetweenSections(result as Config, () => (refused = true));
  return refused ? undefined : result;
}

const minimal = { app: { name: 'shop' } };

describe('the rules that the build makes of the schema', () => {
  it('give what the schema gives, with its defaults, in its order', () => {
    const value = {
      ...minimal,
      secrets: { DB: {}, PEPPER: { generate: true, rotate: 'never' }, KEY: { generate: { alphabet: 'hex' } } },
      secret_sources: [{ use: 'dotenv', file: '.env.ci' }, { use: 'env' }],
      vm: { network: { address: '192.0.2.10/24', gateway: '192.0.2.1' }, firewall: { publish: [443, '53/udp'] } },
    };
    const result = byRules(value);
    expect(result).toBeDefined();
    expect(JSON.stringify(result)).toBe(JSON.stringify(configSchema.parse(value)));
  });

  it('accept nothing that the schema refuses, and give nothing else, in thousands of configurations', () => {
    let taken = 0;
    let refused = 0;
    for (let seed = 0; seed < 10_000; seed++) {
      const pick = picker(seed * 7919 + 1);
      const value = { ...(madeUp(pick, rules, [0, 0, 1, 4][seed % 4] ?? 0) as object) };
      if (seed % 3 > 0) Object.assign(value, minimal);
      const before = structuredClone(value);
      const result = byRules(value);
      if (!isDeepStrictEqual(value, before)) expect.fail(`seed ${seed}: changed what it was given`);
      const parsed = configSchema.safeParse(value);
      if (result === undefined) {
        refused += Number(!parsed.success);
        continue;
      }
      taken += 1;
      if (!parsed.success) expect.fail(`seed ${seed}: accepted ${JSON.stringify(value)}: ${parsed.error.message}`);
      const same = isDeepStrictEqual(result, parsed.data) && JSON.stringify(result) === JSON.stringify(parsed.data);
      if (!same) expect(result, `seed ${seed}`).toStrictEqual(parsed.data);
      if (!same) expect.fail(`seed ${seed}: the order of the keys`);
    }
    // Otherwise this has shown nothing.
    expect(taken).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  }, 60_000);

  it('accept most of what the schema accepts, key by key', () => {
    let accepts = 0;
    let of = 0;
    for (let seed = 0; seed < 6000; seed++) {
      const pick = picker(seed * 104_729 + 3);
      const value = { ...minimal } as Record<string, unknown>;
      if (rules.is !== 'map') expect.fail('zebu.yml is a map');
      const names = Object.keys(rules.keys).filter((name) => name !== 'app');
      const name = names[pick(names.length)] ?? '';
      value[name] = madeUp(pick, rules.keys[name] as Rule, 1);
      if (!configSchema.safeParse(value).success) continue;
      of += 1;
      accepts += Number(byRules(value) !== undefined);
    }
    expect(of).toBeGreaterThan(500);
    expect(accepts / of).toBeGreaterThan(0.9);
  });

  it('leave out, as the schema does, a name that would be another prototype', () => {
    const value: unknown = JSON.parse('{"app":{"name":"shop"},"secrets":{"__proto__":{},"constructor":{}}}');
    const result = byRules(value) as Config;
    expect(Object.keys(result.secrets)).toEqual(['constructor']);
    expect(JSON.stringify(result)).toBe(JSON.stringify(configSchema.parse(value)));
  });

  it('do not share their defaults', () => {
    const [one, other] = [byRules(minimal), byRules(minimal)] as [Config, Config];
    expect(one.app.compose).not.toBe(other.app.compose);
  });

  it.each<[string, unknown]>([
    ['what is between sections', { ...minimal, registries: [{ host: 'ghcr.io', user: 'bot', secret: 'GONE' }] }],
    ['an address that not everybody would take for one', { app: { name: 'shop', url: 'https:/shop' } }],
    ['no map', ['app']],
  ])('leave %s to the schema', (_, value) => {
    expect(byRules(value)).toBeUndefined();
  });

  it.each<[string, z.ZodType, RegExp]>([
    ['a refinement without a name', z.strictObject({ a: z.string().refine(() => true) }), /^a: .*refine/],
    ['a format of its own', z.strictObject({ a: z.uuid() }), /^a: .*uuid/],
    ['a transformation', z.strictObject({ a: z.string().transform(Number) }), /^a: /],
    ['a key that may be anything', z.strictObject({ a: z.unknown() }), /^a: /],
    [
      'a number of steps',
      z.strictObject({ a: z.strictObject({ b: z.number().multipleOf(5) }) }),
      /^a\.b: .*multiple_of/,
    ],
    ['an object that strips', z.object({ a: z.string() }), /strict/],
  ])('refuse to be made of %s', (_, schema, said) => {
    expect(() => deriveStrictRules(schema)).toThrow(said);
  });

  it('ask what a refinement demands', () => {
    const rule = deriveRules(
      z.strictObject({ a: z.string().optional(), b: z.string().optional() }).refine(demand('exactlyOne', 'a', 'b')),
    );
    expect(accepted({ a: 'x' }, rule)).toEqual({ a: 'x' });
    expect(accepted({ a: 'x', b: 'y' }, rule)).toBeUndefined();
  });
});
