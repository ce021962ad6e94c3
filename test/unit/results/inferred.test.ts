/** A result is written once: as its schema. What commands and the library call its type is inferred from it. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resultOf, type ResultOf } from '@zebu/kit';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { ROOT } from '../../support/cli.js';

const shape = z.object({
  name: z.string(),
  why: z.string().optional(),
  list: z.array(z.object({ at: z.number().nullable() })),
  byName: z.record(z.string(), z.unknown()),
});
type Shape = ResultOf<typeof shape>;

describe('the type of a result', () => {
  it('is what its schema says, and cannot be written to', () => {
    expectTypeOf<Shape>().toEqualTypeOf<{
      readonly name: string;
      readonly why?: string | undefined;
      readonly list: readonly { readonly at: number | null }[];
      readonly byName: { readonly [name: string]: unknown };
    }>();
  });

  // The compiler is the test: each of these lines has to be an error, or `tsc -p test` says that it is none.
  it('lets nothing be built that lacks a field, or has one more', () => {
    const whole: Shape = { name: 'a', list: [], byName: {} };
    // @ts-expect-error a required field is not there
    const lacking: Shape = { name: 'a', list: [] };
    // @ts-expect-error one that no schema has
    const more: Shape = { ...whole, other: 1 };
    expect([lacking, more]).toHaveLength(2);
  });

  it('is that of the schema which a command declares', () => {
    resultOf<Shape>(1, () => Promise.resolve(shape));
    // @ts-expect-error a schema of something else
    resultOf<Shape>(1, () => Promise.resolve(z.object({ name: z.string() })));
    expect(true).toBe(true);
  });
});

/** Command → the type it declares, and the module its schema is in. */
const declared = globSync(['src/commands/**/*.ts', 'plugins/lab/src/commands/**/*.ts'], { cwd: ROOT }).map((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const [, types = '', schema = ''] = /resultOf<([^>]*(?:<[^>]*>)?)>\([^]*?import\('([^']+)'\)/.exec(text) ?? [];
  return { file, text, types: types.split(' | '), schema };
});

describe('the results of commands', () => {
  it('are all declared', () => {
    expect(declared.length).toBeGreaterThan(60);
    expect(declared.filter(({ schema }) => !schema.endsWith('/results.js')).map(({ file }) => file)).toEqual([]);
  });

  it.each(declared.map(({ file }) => file))('are named by %s as beside their schema', (file) => {
    const { text = '', types = [], schema = '' } = declared.find((each) => each.file === file) ?? {};
    // The one result whose shape is no business of zebu's: another JSON Schema.
    if (types.join() === 'Record<string, unknown>') return;
    const imported = text
      .split(/^import /m)
      .find((each) => each.startsWith('type {') && each.includes(` from '${schema}';`));
    const names = (/\{([^}]*)\}/.exec(imported ?? '')?.[1] ?? '').split(',').map((name) => name.trim().split(' as '));
    const source = readFileSync(join(ROOT, dirname(file), schema.replace(/\.js$/, '.ts')), 'utf8');
    for (const type of types) {
      const [name = ''] = names.find((each) => each.at(-1) === type) ?? [];
      expect(name, `${file}: import the type ${type} from ${schema}`).not.toBe('');
      expect(source).toMatch(new RegExp(String.raw`^export type ${name} = [^;]*(ResultOf<typeof |Omit<)`, 'm'));
    }
  });
});

describe('the schemas of results', () => {
  it('are loaded by each other and by who publishes them, never by a command that runs', () => {
    const files = globSync(['src/**/*.ts', 'plugins/lab/src/**/*.ts'], { cwd: ROOT }).filter(
      (file) => !file.endsWith('/results.ts'),
    );
    const loading = files.filter((file) =>
      /^(?:import|export) (?!type )[^;]*from '[^']*\/results\.js'/m.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(files.length).toBeGreaterThan(300);
    expect(loading).toEqual([]);
  });
});
