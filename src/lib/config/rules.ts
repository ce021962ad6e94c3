import { meets, type Demand } from './demands.js';

/**
 * A schema as data, which the build makes of it (derive-rules.ts): what accepts a value without building the schema, whose
 * objects and whose library cost a start as much as all else that a command does with it. Rules only accept. Whatever they do not
 * take, or cannot be sure of, is the schema's to judge and to find words for.
 */
export type Rule = Form & { readonly demands?: readonly Demand[] };

declare const given: unique symbol;
/** Rules of a schema that gives T. */
export type RulesOf<T> = Rule & { readonly [given]?: T };

type Form =
  | { readonly is: 'any' }
  | { readonly is: 'boolean' }
  | { readonly is: 'string'; readonly min?: number; readonly max?: number; readonly patterns?: readonly Pattern[] }
  | { readonly is: 'url'; readonly patterns?: readonly Pattern[]; readonly protocol?: string }
  /** One that has a colon is the schema's to judge. */
  | { readonly is: 'ipv6' }
  | { readonly is: 'number'; readonly whole?: boolean; readonly bounds?: readonly Bound[] }
  | { readonly is: 'one of'; readonly values: readonly unknown[]; readonly gives?: unknown }
  | { readonly is: 'list'; readonly of: Rule; readonly min?: number; readonly max?: number }
  | { readonly is: 'map'; readonly keys: Readonly<Record<string, Rule>>; readonly others?: 'dropped' | 'kept' }
  | { readonly is: 'record'; readonly names: Rule; readonly of: Rule }
  | { readonly is: 'either'; readonly of: readonly Rule[] }
  | { readonly is: 'nullable'; readonly of: Rule }
  | { readonly is: 'optional'; readonly of: Rule }
  /** `whole`: what stands in its place is complete, and no rule has to fill it in. */
  | { readonly is: 'default'; readonly of: Rule; readonly value: unknown; readonly whole: boolean };

type Pattern = readonly [source: string, flags: string];
type Bound = readonly [side: 'above' | 'below', value: number, inclusive: boolean];

/** It is not what the rule says. */
const NO = Symbol('no');
/** The schema has to be asked. */
const UNSURE = Symbol('unsure');

const ADDRESS = /^https?:\/\/[A-Za-z0-9.-]+(:\d+)?(\/[\x21-\x7e]*)?$/;

/** @returns the value with its defaults, as the schema has it; undefined where the schema has to be asked */
export function accepted<T>(value: unknown, rule: RulesOf<T>): T | undefined {
  const result = judge(value, rule);
  return result === NO || result === UNSURE ? undefined : (result as T);
}

/** Of JSON; undefined for a text that is none, too: it may be cut off, or of a newer zebu. */
export function acceptedJson<T>(text: string | undefined, rule: RulesOf<T>): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  return accepted(value, rule);
}

function judge(value: unknown, rule: Rule): unknown {
  const result = formOf(value, rule);
  if (result === NO || result === UNSURE || rule.demands === undefined) return result;
  return rule.demands.every((demand) => meets(result, demand)) ? result : NO;
}

const matches = (text: string, patterns: readonly Pattern[] = []): boolean =>
  patterns.every(([source, flags]) => new RegExp(source, flags).test(text));

const isLong = (length: number, { min = 0, max = Infinity }: { min?: number; max?: number }): boolean =>
  length >= min && length <= max;

const isWithin = (value: number, [side, limit, inclusive]: Bound): boolean =>
  (inclusive && value === limit) || (side === 'above' ? value > limit : value < limit);

function formOf(value: unknown, rule: Rule): unknown {
  switch (rule.is) {
    case 'any':
      return value;
    case 'boolean':
      return typeof value === 'boolean' ? value : NO;
    case 'string':
      return typeof value === 'string' && isLong(value.length, rule) && matches(value, rule.patterns) ? value : NO;
    case 'url': {
      if (typeof value !== 'string') return NO;
      const { protocol = '' } = rule;
      // Not every address that there is: what most of them look like.
      if (!ADDRESS.test(value) || !URL.canParse(value)) return UNSURE;
      return new RegExp(protocol).test(value.slice(0, value.indexOf(':'))) && matches(value, rule.patterns)
        ? value
        : NO;
    }
    case 'ipv6':
      return typeof value === 'string' && value.includes(':') ? UNSURE : NO;
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return NO;
      if (rule.whole === true && !Number.isSafeInteger(value)) return NO;
      return rule.bounds?.every((bound) => isWithin(value, bound)) === false ? NO : value;
    case 'one of':
      if (!rule.values.includes(value)) return NO;
      return 'gives' in rule ? structuredClone(rule.gives) : value;
    case 'list':
      return listOf(value, rule);
    case 'map':
      return mapOf(value, rule);
    case 'record':
      return recordOf(value, rule);
    case 'either':
      for (const option of rule.of) {
        const result = judge(value, option);
        if (result !== NO) return result;
      }
      return NO;
    case 'nullable':
      return value === null ? null : judge(value, rule.of);
    case 'optional':
      return value === undefined ? undefined : judge(value, rule.of);
    case 'default': {
      if (value !== undefined) return judge(value, rule.of);
      const instead = structuredClone(rule.value);
      return rule.whole ? instead : judge(instead, rule.of);
    }
  }
}

function listOf(value: unknown, rule: Rule & { is: 'list' }): unknown {
  if (!Array.isArray(value) || !isLong(value.length, rule)) return NO;
  const items: unknown[] = [];
  for (const each of value) {
    const item = judge(each, rule.of);
    if (item === NO || item === UNSURE) return item;
    items.push(item);
  }
  return items;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mapOf(value: unknown, rule: Rule & { is: 'map' }): unknown {
  if (!isMap(value)) return NO;
  const result: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(rule.keys)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const item = judge(given, of);
    if (item === NO || item === UNSURE) return item;
    if (item !== undefined) result[name] = item;
  }
  for (const [name, more] of Object.entries(value)) {
    if (Object.hasOwn(rule.keys, name)) continue;
    if (rule.others === undefined) return NO;
    // Assigned, it would be another prototype.
    if (rule.others === 'kept' && name !== '__proto__') result[name] = more;
  }
  return result;
}

function recordOf(value: unknown, rule: Rule & { is: 'record' }): unknown {
  if (!isMap(value)) return NO;
  const result: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    if (name === '__proto__') continue;
    const item = judge(name, rule.names) === NO ? NO : judge(given, rule.of);
    if (item === NO || item === UNSURE) return item;
    result[name] = item;
  }
  return result;
}
