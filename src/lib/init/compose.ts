import { parseDocument, visit, type Document } from 'yaml';
import { ZebuError } from '@zebu/kit';
import { isTree } from '../config/layers.js';
import type { Detected } from './results.js';

/** What can be seen of a service without running anything. */
export type Service = Detected['services'][number] & {
  /** Folder it is built from, as the file says; undefined for an image. */
  readonly build: string | undefined;
};

/** A variable that Compose files ask for. */
interface Variable {
  /** Compose has a value without: `${NAME:-default}`. */
  readonly optional: boolean;
}

export interface ComposeFacts {
  readonly services: readonly Service[];
  readonly variables: ReadonlyMap<string, Variable>;
  /** A service is given the whole of `.env`. */
  readonly wholeEnv: boolean;
}

interface Gathered {
  readonly name: string;
  readonly ports: string[];
  healthcheck: boolean;
  restart: string | undefined;
  build: string | undefined;
}

/** @throws CONFIG_INVALID naming file and line */
function parsed(name: string, text: string): Document {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' });
  const [error] = document.errors;
  if (error === undefined) return document;
  const line = error.linePos?.[0].line ?? 1;
  throw new ZebuError(
    'CONFIG_INVALID',
    `${name}:${line}: ${error.message.replace(/ at line \d+, column \d+:?\s[^]*$/, '')}`,
    {
      hint: 'Compose cannot read it either: docker compose config.',
    },
  );
}

/** @throws CONFIG_INVALID for an alias of nothing, which is seen only here */
function plain(name: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ZebuError('CONFIG_INVALID', `${name}: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'Compose cannot read it either: docker compose config.',
      cause: error,
    });
  }
}

function shownPort(port: unknown): string {
  if (!isTree(port)) return String(port);
  return [port['published'], port['target']]
    .filter((part) => part !== undefined)
    .map((part) => JSON.stringify(part).replaceAll('"', ''))
    .join(':');
}

const buildOf = (build: unknown): string | undefined => {
  if (typeof build === 'string') return build;
  if (!isTree(build)) return undefined;
  return typeof build['context'] === 'string' ? build['context'] : '.';
};

/** `${NAME}`, `${NAME:-default}`, `$NAME`; `$$` is a dollar sign. */
const REFERENCE = /\$(?:\$|\{([A-Za-z_]\w*)(:?[-?+])?([^}]*)|([A-Za-z_]\w*))/g;

function readReferences(text: string, variables: Map<string, Variable>): void {
  for (const [, braced, operator = '', rest = '', plain] of text.matchAll(REFERENCE)) {
    const name = braced ?? plain;
    if (name !== undefined) note(variables, name, operator.endsWith('-') || operator.endsWith('+'));
    // `${A:-${B}}`
    for (const [inner] of rest.matchAll(/(?<=\$\{)[A-Za-z_]\w*/g)) note(variables, inner, true);
  }
}

/** One place that has no default decides. */
function note(variables: Map<string, Variable>, name: string, optional: boolean): void {
  variables.set(name, { optional: optional && variables.get(name)?.optional !== false });
}

/** Names that are handed on without a value of their own: `environment: [NAME]`, and `environment: NAME` of a secret. */
function readHandedOn(data: Readonly<Record<string, unknown>>, variables: Map<string, Variable>): void {
  const take = (name: unknown): void => {
    if (typeof name === 'string' && /^[A-Za-z_]\w*$/.test(name)) note(variables, name, false);
  };
  for (const service of Object.values(isTree(data['services']) ? data['services'] : {})) {
    const environment = isTree(service) ? service['environment'] : undefined;
    if (Array.isArray(environment)) environment.forEach(take);
    else if (isTree(environment))
      for (const [name, value] of Object.entries(environment)) if (value === null) take(name);
  }
  for (const kind of ['secrets', 'configs']) {
    const all = data[kind];
    for (const each of Object.values(isTree(all) ? all : {})) if (isTree(each)) take(each['environment']);
  }
}

const namesEnv = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(namesEnv)
    : isTree(value)
      ? namesEnv(value['path'])
      : typeof value === 'string' && /^(?:\.{1,2}\/)*\.env$/.test(value);

/**
 * What Compose files say, later files over earlier ones.
 * @throws CONFIG_INVALID for one that is no YAML, naming file and line
 */
export function readCompose(files: readonly { readonly name: string; readonly text: string }[]): ComposeFacts {
  const services = new Map<string, Gathered>();
  const variables = new Map<string, Variable>();
  /** Services that another one waits for to end. */
  const awaited = new Set<string>();
  let wholeEnv = false;
  for (const { name: file, text } of files) {
    const document = parsed(file, text);
    visit(document, {
      Scalar: (_, node) => {
        if (typeof node.value === 'string') readReferences(node.value, variables);
      },
    });
    const data = plain(file, document);
    if (!isTree(data)) continue;
    readHandedOn(data, variables);
    for (const [name, service] of Object.entries(isTree(data['services']) ? data['services'] : {})) {
      if (!isTree(service)) continue;
      const known = services.get(name) ?? {
        name,
        ports: [],
        healthcheck: false,
        restart: undefined,
        build: undefined,
      };
      services.set(name, known);
      const ports: unknown[] = Array.isArray(service['ports']) ? service['ports'] : [];
      for (const port of ports.map(shownPort)) if (!known.ports.includes(port)) known.ports.push(port);
      known.healthcheck ||= isTree(service['healthcheck']);
      const { restart } = service;
      if (typeof restart === 'string' || typeof restart === 'boolean') known.restart = String(restart);
      known.build = buildOf(service['build']) ?? known.build;
      wholeEnv ||= namesEnv(service['env_file']);
      for (const [needed, how] of Object.entries(isTree(service['depends_on']) ? service['depends_on'] : {}))
        if (isTree(how) && how['condition'] === 'service_completed_successfully') awaited.add(needed);
    }
  }
  return {
    services: [...services.values()].map(({ name, ports, healthcheck, restart, build }) => ({
      name,
      ports,
      healthcheck,
      oneShot: awaited.has(name) || (ports.length === 0 && (restart === 'no' || restart === 'false')),
      build,
    })),
    variables,
    wholeEnv,
  };
}
