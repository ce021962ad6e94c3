import parameters8 from './parameters-8.4.json' with { type: 'json' };
import parameters9 from './parameters-9.2.json' with { type: 'json' };
import { badParameters } from './fault.js';
import { isVmid, NO_VMID } from './routes/common.js';
import { qemuOption } from './qemu-options.js';
import { problemOf, type ParamSpec, type RawParams } from './params.js';
import { majorOf, type PveMajor } from './versions.js';

/** A parameter as the API schema of a real node describes it; of numbered ones (`net0`) there is one, `net[n]`. */
export type SchemaParameter = Omit<ParamSpec, 'format' | 'type'> & {
  readonly type: ParamSpec['type'] | 'array';
  /** Given more than once on a command line, the values are joined. */
  readonly list?: boolean;
  /** An id of a VM, which is looked at before its range. */
  readonly vmid?: boolean;
};

export type Schema = Readonly<Record<string, Readonly<Record<string, SchemaParameter>>>>;

const SCHEMAS: Readonly<Record<PveMajor, Schema>> = { '8': parameters8 as never, '9': parameters9 as never };

/**
 * `GET /path/{with}/names` → parameters beside those of the path, taken from the API schema of that version. It knows
 * more methods than the lab answers.
 * @param version such as `9.2.11`
 */
export const schemaOf = (version: string): Schema => SCHEMAS[majorOf(version)];

const isText = (value: unknown): value is boolean | number | string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * The checks a real node makes of every request before its code runs.
 * @throws PveFault 400 with every problem at once
 */
export function checkSchema(version: string, method: string, template: string, raw: RawParams): void {
  const known = schemaOf(version)[`${method} ${template}`];
  if (known === undefined) return;
  const options = /\/qemu(\/\{vmid\}\/config)?$/.test(template) ? qemuOption : undefined;
  const errors: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || value === null) continue;
    const spec = known[name] ?? known[name.replace(/\d+$/, '[n]')];
    if (spec === undefined)
      errors[name] = 'property is not defined in schema and the schema does not allow additional properties';
    else if (spec.type !== 'array' && isText(value)) {
      const text = value === true ? '1' : value === false ? '0' : String(value);
      const problem =
        (spec.vmid === true && /^\d+$/.test(text) && !isVmid(text) ? NO_VMID : undefined) ??
        problemOf({ ...spec, type: spec.type }, text) ??
        options?.(name)?.format?.(text);
      if (problem !== undefined) errors[name] = problem;
    }
  }
  for (const [name, { required }] of Object.entries(known))
    if (required === true && raw[name] === undefined) errors[name] = 'property is missing and it is not optional';
  if (Object.keys(errors).length > 0) throw badParameters(errors);
}
