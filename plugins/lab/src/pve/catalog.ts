import returns8 from './returns-8.4.json' with { type: 'json' };
import returns9 from './returns-9.2.json' with { type: 'json' };
import { matchTemplate, type Route } from './router.js';
import { schemaOf, type SchemaParameter } from './schema.js';
import { majorOf, type PveMajor } from './versions.js';

/** What is told of one property of a result, for tables. */
export interface ReturnedProperty {
  readonly optional?: boolean;
  readonly type?: 'boolean' | 'integer' | 'number';
  readonly renderer?: string;
  readonly title?: string;
  readonly width?: number;
}

/** The shape of a method's result. */
export interface Returned {
  readonly type: string;
  /** Of an array: the type of its elements. */
  readonly items?: string;
  /** What children of the path are called: `{vmid}` takes it from each element. */
  readonly child?: string;
  readonly properties?: Readonly<Record<string, ReturnedProperty>>;
}

const RETURNS: Readonly<Record<PveMajor, Readonly<Record<string, Returned>>>> = {
  '8': returns8 as never,
  '9': returns9 as never,
};

export interface MethodInfo {
  readonly template: string;
  /** Values of the path's `{name}` parts. */
  readonly path: Readonly<Record<string, string>>;
  /** Beside those of the path. */
  readonly parameters: Readonly<Record<string, SchemaParameter>>;
  /** Left out: nothing is returned. */
  readonly returns?: Returned;
}

/** The method of the API schema at a path, without those that only look like it: `/nodes/x` before `/nodes/{node}`. */
function lookUp(version: string, method: string, path: string): string | undefined {
  const segments = path.replace(/\/+$/, '').split('/').slice(1);
  const fits = Object.keys(schemaOf(version)).filter((name) => {
    const [verb = '', template = ''] = name.split(' ');
    return verb === method && matchTemplate(template, segments) !== undefined;
  });
  return fits.toSorted((a, b) => a.split('{').length - b.split('{').length)[0]?.slice(method.length + 1);
}

/**
 * What the node's own programs know of a method before they call it.
 * @param routes of those the lab answers; another one is not there
 */
export function methodAt(
  routes: readonly Route[],
  version: string,
  method: string,
  path: string,
): MethodInfo | undefined {
  const template = lookUp(version, method, path);
  if (template === undefined || !routes.some((route) => route.method === method && route.template === template))
    return undefined;
  const name = `${method} ${template}`;
  const returns = RETURNS[majorOf(version)][name];
  return {
    template,
    path: matchTemplate(template, path.replace(/\/+$/, '').split('/').slice(1)) ?? {},
    parameters: schemaOf(version)[name] ?? {},
    ...(returns === undefined ? {} : { returns }),
  };
}

/** `Dr--d`: whether a path has children, and what can be done with it, as `pvesh ls` shows it. */
export function capabilitiesOf(version: string, path: string): string {
  const get = lookUp(version, 'GET', path);
  const child = get !== undefined && RETURNS[majorOf(version)][`GET ${get}`]?.child !== undefined;
  const can = (method: string, letter: string): string => (lookUp(version, method, path) === undefined ? '-' : letter);
  return `${child ? 'D' : '-'}${get === undefined ? '-' : 'r'}${can('PUT', 'w')}${can('POST', 'c')}${can('DELETE', 'd')}`;
}
