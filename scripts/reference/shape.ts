/** A JSON Schema as a reader takes it in at a glance: close to how TypeScript writes a type. */
import type { Schema } from '../schema-breaks.js';

const INDENT = '  ';

function literals(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(' | ');
}

function primitive(name: string): string {
  return name === 'integer' ? 'number' : name;
}

function objectShape(schema: Schema, depth: number): string {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) {
    const { additionalProperties: values } = schema;
    return typeof values === 'object' ? `{ [name]: ${shapeOf(values, depth)} }` : '{ [name]: any }';
  }
  const required = new Set(schema.required ?? []);
  const lines = properties.map(([name, value]) => {
    const about = value.description === undefined ? '' : ` // ${value.description.replaceAll('\n', ' ')}`;
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const [first = '', ...rest] = shapeOf(value, depth + 1).split('\n');
    const head = `${INDENT.repeat(depth + 1)}${key}${required.has(name) ? '' : '?'}: ${first}${about}`;
    return [head, ...rest].join('\n');
  });
  return `{\n${lines.join('\n')}\n${INDENT.repeat(depth)}}`;
}

function ofType(schema: Schema, type: string, depth: number): string {
  if (type === 'object') return objectShape(schema, depth);
  if (type !== 'array') return primitive(type);
  const item = schema.items === undefined ? 'any' : shapeOf(schema.items, depth);
  return / \| /.test(item.split('\n', 1)[0] ?? '') ? `(${item})[]` : `${item}[]`;
}

/** @param depth how far the lines after the first are indented */
export function shapeOf(schema: Schema, depth = 0): string {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return literals(schema.enum);
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => shapeOf(each, depth)).join(' | ');
  const types = schema.type === undefined ? [] : [schema.type].flat();
  return types.length === 0 ? 'any' : types.map((type) => ofType(schema, type, depth)).join(' | ');
}
