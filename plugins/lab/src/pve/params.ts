import { badParameters } from './fault.js';

/** Parameters as they came: text, numbers of a JSON body, lists of a repeated key. */
export type RawParams = Readonly<Record<string, unknown>>;

export interface ParamSpec {
  readonly type: 'boolean' | 'integer' | 'list' | 'number' | 'string';
  readonly required?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly values?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  /** All of the text, as a regular expression. */
  readonly pattern?: string;
  /** What is wrong with the text, in PVE's words; undefined when nothing is. */
  readonly format?: (text: string) => string | undefined;
}

export type ParamSpecs = Readonly<Record<string, ParamSpec>>;

export const str: ParamSpec = { type: 'string' };
export const int: ParamSpec = { type: 'integer' };
export const bool: ParamSpec = { type: 'boolean' };

export type Params = Readonly<Record<string, string>>;

function scalar(value: unknown): string {
  if (value === true) return '1';
  if (value === false) return '0';
  return Array.isArray(value) ? scalar(value.at(-1)) : String(value);
}

/** What is wrong with one value, in PVE's words. */
export function problemOf(spec: ParamSpec, text: string): string | undefined {
  if (spec.type === 'integer' || spec.type === 'number') {
    const shape = spec.type === 'integer' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
    if (!shape.test(text)) return `type check ('${spec.type}') failed - got '${text}'`;
    const value = Number(text);
    if (spec.minimum !== undefined && value < spec.minimum) return `value must have a minimum value of ${spec.minimum}`;
    if (spec.maximum !== undefined && value > spec.maximum) return `value must have a maximum value of ${spec.maximum}`;
  }
  if (spec.type === 'boolean' && !/^(1|0|on|off|yes|no|true|false)$/i.test(text)) {
    return `type check ('boolean') failed - got '${text}'`;
  }
  if (spec.pattern !== undefined && !new RegExp(`^(?:${spec.pattern})$`).test(text))
    return 'value does not match the regex pattern';
  if (spec.minLength !== undefined && text.length < spec.minLength)
    return `value must be at least ${spec.minLength} characters long`;
  if (spec.values !== undefined && !spec.values.includes(text)) {
    return `value '${text}' does not have a value in the enumeration '${spec.values.join(', ')}'`;
  }
  if (spec.maxLength !== undefined && text.length > spec.maxLength) {
    return `value may only be ${spec.maxLength} characters long`;
  }
  return spec.format?.(text);
}

/**
 * Checks parameters against a table and gives them as text (booleans as 1/0).
 * @param find looks a name up in the table, for tables with numbered names such as `net0`
 * @throws PveFault 400 with every problem at once
 */
export function checkParams(
  raw: RawParams,
  specs: ParamSpecs,
  find: (name: string) => ParamSpec | undefined = (name) => specs[name],
): Params {
  const errors: Record<string, string> = {};
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || value === null) continue;
    const spec = find(name);
    if (spec === undefined) {
      errors[name] = 'property is not defined in schema and the schema does not allow additional properties';
      continue;
    }
    const text = scalar(value);
    const problem = spec.type === 'list' ? undefined : problemOf(spec, text);
    if (problem !== undefined) errors[name] = problem;
    else params[name] = spec.type === 'boolean' ? (/^(1|on|yes|true)$/i.test(text) ? '1' : '0') : text;
  }
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.required === true && raw[name] === undefined) errors[name] = 'property is missing and it is not optional';
  }
  if (Object.keys(errors).length > 0) throw badParameters(errors);
  return params;
}

/** The values of a repeated key. */
export function listParam(raw: RawParams, name: string): readonly string[] {
  const value = raw[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(scalar) : [scalar(value)];
}
