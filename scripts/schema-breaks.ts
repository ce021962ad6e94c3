/** What in a newer JSON Schema of a result could break who reads results by the older one. */

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** The alternatives of a schema; one for everything that is no union. */
function alternatives(schema: Schema): readonly Schema[] {
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap(alternatives);
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => ({ ...schema, type }));
  return [schema];
}

function typeOf(schema: Schema): string {
  if (typeof schema.type === 'string') return schema.type;
  const [value] = schema.const === undefined ? (schema.enum ?? []) : [schema.const];
  return value === undefined ? 'anything' : value === null ? 'null' : typeof value;
}

/** A number may always have been a whole one. */
const fits = (now: string, before: string): boolean =>
  before === 'anything' || now === before || (now === 'integer' && before === 'number');

function* sameType(before: Schema, now: Schema, at: string): Generator<string> {
  for (const [name, was] of Object.entries(before.properties ?? {})) {
    const is = now.properties?.[name];
    if (is === undefined) yield `${at}.${name} was removed`;
    else {
      if (before.required?.includes(name) === true && now.required?.includes(name) !== true)
        yield `${at}.${name} may be absent now`;
      yield* breaks(was, is, `${at}.${name}`);
    }
  }
  if (before.items !== undefined && now.items !== undefined) yield* breaks(before.items, now.items, `${at}[]`);
  if (typeof before.additionalProperties === 'object' && typeof now.additionalProperties === 'object')
    yield* breaks(before.additionalProperties, now.additionalProperties, `${at}.*`);
}

/** One line for each break; new fields and new words of an enumeration are none. */
export function* breaks(before: Schema, now: Schema, at = 'result'): Generator<string> {
  const known = alternatives(before);
  for (const alternative of alternatives(now)) {
    const candidates = known.filter((each) => fits(typeOf(alternative), typeOf(each)));
    if (candidates.length === 0) {
      yield `${at} was ${[...new Set(known.map(typeOf))].join(' or ')}, and may be ${typeOf(alternative)} now`;
      continue;
    }
    // Of several objects in a union the one that fits best is the one it was.
    const found = candidates.map((each) => [...sameType(each, alternative, at)]);
    yield* found.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
}
