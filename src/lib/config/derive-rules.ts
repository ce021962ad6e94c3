import type * as z from 'zod';
import type { core } from 'zod';
import { demandOf, type Demand } from './demands.js';
import type { Rule, RulesOf } from './rules.js';

/**
 * Rules that accept what a schema accepts, and give what it gives. Run by the build; what it does not know it refuses, so that a new
 * kind of key is noticed there.
 * @param at where it stands, for messages
 */
export function deriveRules<T>(schema: z.core.$ZodType<T>, at = 'zebu.yml'): RulesOf<T> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const checks = (def.checks ?? []).map((check) => (check as core.$ZodChecks)._zod.def);
  const demands = checks.flatMap((check) => demandIn(check, at));
  return { ...formOf(def, checks, at), ...(demands.length === 0 ? {} : { demands }) };
}

type Check = core.$ZodChecks['_zod']['def'];

function unknown(what: string, at: string): Error {
  return new Error(`${at}: rules.ts has nothing for ${what}; add it there and in derive-rules.ts`);
}

function demandIn(check: Check, at: string): readonly Demand[] {
  if ((check as { check: string }).check !== 'custom') return [];
  const { fn } = check as { fn?: unknown };
  // What is between the sections is not said by a rule: load.ts asks for it.
  if (fn === undefined && at === 'zebu.yml') return [];
  const demand = demandOf(fn);
  if (demand === undefined) throw unknown('a refine() whose function is not of demands.ts', at);
  return [demand];
}

const patternOf = ({ source, flags }: RegExp): readonly [string, string] => [source, flags];

function patterns(checks: readonly Check[], own?: RegExp): { patterns?: readonly (readonly [string, string])[] } {
  const all = [
    ...(own === undefined ? [] : [own]),
    ...checks.flatMap((check) =>
      check.check === 'string_format' && check.pattern !== undefined ? [check.pattern] : [],
    ),
  ];
  return all.length === 0 ? {} : { patterns: all.map(patternOf) };
}

/** `min` and `max` of a length. */
function lengths(checks: readonly Check[]): { min?: number; max?: number } {
  const result: { min?: number; max?: number } = {};
  for (const check of checks) {
    if (check.check === 'min_length') result.min = Math.max(result.min ?? 0, check.minimum);
    if (check.check === 'max_length') result.max = Math.min(result.max ?? Infinity, check.maximum);
  }
  return result;
}

function expect(checks: readonly Check[], known: readonly string[], at: string): void {
  const strange = checks.find(({ check }) => !known.includes(check));
  if (strange !== undefined) throw unknown(`the check ${strange.check}`, at);
}

function stringOf(
  def: core.$ZodStringDef & Partial<core.$ZodStringFormatDef>,
  checks: readonly Check[],
  at: string,
): Rule {
  expect(checks, ['custom', 'max_length', 'min_length', 'string_format'], at);
  const strange = checks.find((check) => check.check === 'string_format' && check.format !== 'regex');
  if (strange !== undefined) throw unknown('a format that is added to another', at);
  switch (def.format) {
    case undefined:
      return { is: 'string', ...lengths(checks), ...patterns(checks) };
    case 'cidrv4':
    case 'email':
    case 'ipv4':
      return { is: 'string', ...lengths(checks), ...patterns(checks, def.pattern) };
    case 'ipv6':
    case 'cidrv6':
      return { is: 'ipv6' };
    case 'url': {
      const { protocol, hostname, normalize } = def as core.$ZodURLDef;
      if (hostname !== undefined || normalize === true) throw unknown('a url() with a host or normalized', at);
      return { is: 'url', ...patterns(checks), ...(protocol === undefined ? {} : { protocol: protocol.source }) };
    }
    default:
      throw unknown(`the format ${def.format}`, at);
  }
}

function numberOf(def: core.$ZodNumberDef & { format?: string }, checks: readonly Check[], at: string): Rule {
  expect(checks, ['custom', 'greater_than', 'less_than'], at);
  if (def.format !== undefined && def.format !== 'safeint') throw unknown(`the format ${def.format}`, at);
  const bounds = checks.flatMap((check) => {
    if (check.check !== 'greater_than' && check.check !== 'less_than') return [];
    const side = check.check === 'greater_than' ? ('above' as const) : ('below' as const);
    return [[side, Number(check.value), check.inclusive] as const];
  });
  return {
    is: 'number',
    ...(def.format === undefined ? {} : { whole: true }),
    ...(bounds.length === 0 ? {} : { bounds }),
  };
}

const KNOWN = [
  'array',
  'boolean',
  'default',
  'enum',
  'literal',
  'nullable',
  'number',
  'object',
  'optional',
  'pipe',
  'prefault',
  'record',
  'string',
  'union',
  'unknown',
] as const;

type Def = core.$ZodTypes['_zod']['def'];
type KnownDef = Extract<Def, { type: (typeof KNOWN)[number] }>;

const isKnown = (def: Def): def is KnownDef => KNOWN.some((type) => type === def.type);

function formOf(def: Def, checks: readonly Check[], at: string): Rule {
  if (!isKnown(def)) throw unknown(`the type ${def.type}`, at);
  switch (def.type) {
    case 'string':
      return stringOf(def, checks, at);
    case 'number':
      return numberOf(def, checks, at);
    case 'boolean':
      return { is: 'boolean' };
    case 'unknown':
      return { is: 'any' };
    case 'literal':
      return { is: 'one of', values: def.values };
    case 'enum':
      return { is: 'one of', values: Object.values(def.entries) };
    case 'array':
      expect(checks, ['custom', 'max_length', 'min_length'], at);
      return { is: 'list', of: deriveRules(def.element, `${at}[]`), ...lengths(checks) };
    case 'object':
      return mapOf(def, at);
    case 'record':
      if (!['string'].includes(def.keyType._zod.def.type)) throw unknown('a record whose keys are no strings', at);
      return {
        is: 'record',
        names: deriveRules(def.keyType, `${at} (keys)`),
        of: deriveRules(def.valueType, `${at}.*`),
      };
    case 'union':
      return { is: 'either', of: def.options.map((option, index) => deriveRules(option, `${at}|${index + 1}`)) };
    case 'nullable':
      return { is: 'nullable', of: deriveRules(def.innerType, at) };
    case 'optional':
      // The default of what is inside would be given in place of nothing.
      if (['default', 'prefault'].includes(def.innerType._zod.def.type)) throw unknown('an optional default', at);
      return { is: 'optional', of: deriveRules(def.innerType, at) };
    case 'default':
    case 'prefault':
      return {
        is: 'default',
        of: deriveRules(def.innerType, at),
        value: def.defaultValue,
        whole: def.type === 'default',
      };
    case 'pipe':
      return constantOf(def, at);
  }
}

function mapOf({ shape, catchall }: core.$ZodObjectDef, at: string): Rule {
  const open = catchall?._zod.def.type;
  if (open !== undefined && open !== 'never' && open !== 'unknown')
    throw unknown('an object with a schema for other keys', at);
  const keys = Object.fromEntries(
    Object.entries(shape).map(([name, below]) => {
      const path = at === 'zebu.yml' ? name : `${at}.${name}`;
      if (below._zod.def.type === 'unknown') throw unknown('a key that may be anything', path);
      return [name, deriveRules(below, path)];
    }),
  );
  if (open === 'never') return { is: 'map', keys };
  return { is: 'map', keys, others: open === 'unknown' ? 'kept' : 'dropped' };
}

/** Rules of what people write, who are to be told of a key that means nothing. @throws where one would be dropped */
export function deriveStrictRules<T>(schema: z.core.$ZodType<T>): RulesOf<T> {
  const rules = deriveRules(schema);
  const look = (rule: unknown): void => {
    if (typeof rule !== 'object' || rule === null) return;
    if ('others' in rule && rule.others === 'dropped') throw unknown('an object that is not strict', 'zebu.yml');
    Object.values(rule).forEach(look);
  };
  look(rules);
  return rules;
}

/** A literal that stands for something else, which can be worked out here. */
function constantOf(def: core.$ZodPipeDef, at: string): Rule {
  const from = (def.in as core.$ZodTypes)._zod.def;
  const to = (def.out as core.$ZodTypes)._zod.def;
  if (from.type !== 'literal' || to.type !== 'transform') throw unknown('a pipe of other than a literal', at);
  const [value] = from.values;
  if (from.values.length !== 1) throw unknown('a pipe of several literals', at);
  const gives: unknown = to.transform(value, { value, issues: [] });
  return { is: 'one of', values: [value], gives };
}
