/** The part of a zod schema from which its output type is inferred. Structural, so that a plugin's own copy of zod fits. */
export interface SchemaOf<Result> {
  readonly _zod: { readonly output: Result };
}

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

/**
 * The type of what a schema describes, read-only throughout: `type VmPower = ResultOf<typeof vmPower>`. A result is written
 * once, as its schema; who only needs the type imports it with `import type` and loads nothing.
 */
export type ResultOf<Schema extends SchemaOf<unknown>> = Frozen<Schema['_zod']['output']>;

/** What `--json` of a command prints as `result`, published as `schema/results/<command>.json`. */
export interface ResultDeclaration<Result = unknown> {
  /** Raised by who removes a field, makes one optional or changes its type; adding fields does not raise it. */
  readonly version: number;
  /** Loaded by who publishes or checks the schema, never by the command itself. */
  readonly schema: () => Promise<SchemaOf<Result>>;
}

/**
 * The static `result` of a command. The type argument ties the schema to what `execute` returns:
 * `static override result = resultOf<VmPower>(1, async () => (await import('…/results.js')).vmPower)`.
 */
export function resultOf<Result>(version: number, schema: () => Promise<SchemaOf<Result>>): ResultDeclaration<Result> {
  return { version, schema };
}
