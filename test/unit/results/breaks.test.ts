import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { breaks, type Schema } from '../../../scripts/schema-breaks.js';

const found = (before: z.ZodType, now: z.ZodType): readonly string[] => [
  ...breaks(z.toJSONSchema(before) as Schema, z.toJSONSchema(now) as Schema),
];

const service = z.object({ name: z.string(), ports: z.array(z.string()) });

describe('what breaks readers of a result', () => {
  it.each([
    ['a removed field', z.object({ a: z.string(), b: z.int() }), z.object({ a: z.string() }), 'result.b was removed'],
    [
      'another type',
      z.object({ a: z.string() }),
      z.object({ a: z.number() }),
      'result.a was string, and may be number now',
    ],
    [
      'null where there was none',
      z.object({ a: z.string() }),
      z.object({ a: z.string().nullable() }),
      'result.a was string, and may be null now',
    ],
    [
      'a field that may be absent',
      z.object({ a: z.string() }),
      z.object({ a: z.string().optional() }),
      'result.a may be absent now',
    ],
    [
      'the same deeper, in lists',
      z.object({ services: z.array(service) }),
      z.object({ services: z.array(service.extend({ ports: z.array(z.number()) })) }),
      'result.services[].ports[] was string, and may be number now',
    ],
    [
      'the same below a null',
      z.object({ last: service.nullable() }),
      z.object({ last: service.omit({ name: true }).nullable() }),
      'result.last.name was removed',
    ],
  ])('is %s', (_, before, now, line) => {
    expect(found(before, now)).toEqual([line]);
  });

  it.each([
    ['a new field', z.object({ a: z.string() }), z.object({ a: z.string(), b: z.string().optional() })],
    ['fewer types', z.object({ a: z.string().nullable() }), z.object({ a: z.string() })],
    ['a number that is a whole one now', z.object({ a: z.number() }), z.object({ a: z.int() })],
    ['a new word', z.object({ a: z.enum(['x']) }), z.object({ a: z.enum(['x', 'y']) })],
    ['a field that is always there now', z.object({ a: z.string().optional() }), z.object({ a: z.string() })],
    ['something known where there was anything', z.object({ a: z.unknown() }), z.object({ a: z.string() })],
  ])('is not %s', (_, before, now) => {
    expect(found(before, now)).toEqual([]);
  });
});
