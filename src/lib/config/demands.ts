import { COPY_PREFIX } from './copy-name.js';
import { DAY, durationSeconds } from './durations.js';
import { parsePort } from './port.js';
import { ALPHABETS } from './secret-meaning.js';

/** What a value has to be beyond its form. By name, so that what the build makes of the schema (rules.ts) can ask for it, too. */

type Judge = (value: unknown, ...keys: readonly string[]) => boolean;

const at = (value: unknown, key = ''): unknown => (value as Readonly<Record<string, unknown>>)[key];
const has = (value: unknown, key?: string): boolean => at(value, key) !== undefined;
const isText = (value: unknown, judge: (text: string) => boolean): boolean => typeof value === 'string' && judge(value);

const JUDGES = {
  /** One of two keys, and not both. */
  exactlyOne: (value, one, other) => has(value, one) !== has(value, other),
  together: (value, one, other) => has(value, one) === has(value, other),
  notBoth: (value, one, other) => !has(value, one) || !has(value, other),
  /** The first key is nothing without the second. */
  needs: (value, key, other) => !has(value, key) || has(value, other),
  notEmpty: (value) => Object.keys(value as object).length > 0,
  anyAboveZero: (value) => Object.values(value as object).some((each) => Number(each) > 0),
  differentPaths: (value) => {
    const routes = at(value, 'routes') as readonly { readonly path: string }[];
    return new Set(routes.map(({ path }) => path)).size === routes.length;
  },
  pathOfSqlite: (value) => (at(value, 'kind') === 'sqlite') === has(value, 'path'),
  gatewayOfStatic: (value) => at(value, 'address') !== 'dhcp' || !has(value, 'gateway'),
  notOfACopy: (value) => isText(value, (text) => !text.startsWith(COPY_PREFIX)),
  insideRepository: (value) => isText(value, (path) => !path.startsWith('/') && !path.split('/').includes('..')),
  alphabet: (value) =>
    isText(value, (text) => text in ALPHABETS || (new Set(text).size >= 10 && /^[\x21-\x7e]+$/.test(text))),
  duration: (value) => /^[0-9]{1,5}[smh]?$/.test(String(value)) && durationSeconds(value as number | string) <= DAY,
  openPort: (value) => parsePort(value as number | string) !== undefined,
} as const satisfies Readonly<Record<string, Judge>>;

export type Demand = readonly [name: string, ...keys: readonly string[]];

/** Whether a value is what is demanded. */
export function meets(value: unknown, [name, ...keys]: Demand): boolean {
  const judge: Judge = JUDGES[name as keyof typeof JUDGES];
  return judge(value, ...keys);
}

/** For `refine()` of a schema. @param keys the keys of the value that it is about */
export function demand(
  name: keyof typeof JUDGES,
  ...keys: readonly string[]
): ((value: unknown) => boolean) & { readonly demand: Demand } {
  const named: Demand = [name, ...keys];
  return Object.assign((value: unknown) => meets(value, named), { demand: named });
}

/** What `demand` made a function of; undefined for any other. */
export const demandOf = (judge: unknown): Demand | undefined =>
  typeof judge === 'function' && 'demand' in judge ? (judge.demand as Demand) : undefined;
