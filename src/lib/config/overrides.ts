import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import { parse as parseYaml } from 'yaml';
import type { ConfigKey } from './keys.js';
import { checkTree } from './tree-limits.js';
import { isTree, type Layer, type Origin, type Tree } from './layers.js';

/** A value typed in a shell, as the key's type has it. Lists: comma-separated, or YAML in brackets. */
function parseValue(key: ConfigKey, text: string, origin: string): unknown {
  const fail = (expected: string): never => {
    throw new ZebuError('CONFIG_INVALID', `${origin}: ${key.path} takes ${expected}`, { details: { key: key.path } });
  };
  const type = key.type === 'string or object' ? (text.trimStart().startsWith('{') ? 'object' : 'string') : key.type;
  switch (type) {
    case 'string':
      return text;
    case 'number': {
      const value = Number(text);
      return text.trim() === '' || Number.isNaN(value) ? fail('a number') : value;
    }
    case 'boolean':
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      return /^(0|false|no|off)$/i.test(text) ? false : fail('true or false');
    case 'array':
    case 'object': {
      if (type === 'array' && !text.trimStart().startsWith('[')) {
        return text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '');
      }
      try {
        const value: unknown = parseYaml(text);
        checkTree(value);
        if (type === 'array' ? Array.isArray(value) : isTree(value)) return value;
      } catch {
        // Said below, without the text: it came from a variable that may hold anything.
      }
      return fail(type === 'array' ? 'a list such as a,b or [a, b]' : 'a map such as {NAME: {required: true}}');
    }
  }
}

function assign(values: Tree, path: string, value: unknown): void {
  const names = path.split('.');
  let at = values;
  for (const name of names.slice(0, -1)) {
    const next = at[name];
    at = isTree(next) ? next : (at[name] = {});
  }
  at[names.at(-1) ?? path] = value;
}

function layer(entries: Iterable<readonly [ConfigKey, string, Origin, string]>): Layer {
  const values: Tree = {};
  const origins = new Map<string, Origin>();
  for (const [key, text, origin, shown] of entries) {
    assign(values, key.path, parseValue(key, text, shown));
    origins.set(key.path, origin);
  }
  return { values, origins };
}

/** ZEBU_* variables; an empty one counts as unset, as CI systems pass what is not there. */
export function environmentLayer(keys: readonly ConfigKey[], env: (name: string) => string | undefined): Layer {
  return layer(
    keys.flatMap((key) => {
      const text = env(key.variable);
      return text === undefined
        ? []
        : [[key, text, { kind: 'environment', variable: key.variable }, key.variable] as const];
    }),
  );
}

/**
 * `--set key=value` and what other flags stand for.
 * @throws CONFIG_INVALID for a key that does not exist, naming the nearest
 */
export function flagLayer(keys: readonly ConfigKey[], settings: readonly { text: string; flag: string }[]): Layer {
  return layer(
    settings.map(({ text, flag }) => {
      const cut = text.indexOf('=');
      const path = cut === -1 ? text : text.slice(0, cut);
      const key = keys.find((candidate) => candidate.path === path);
      if (cut === -1 || key === undefined) {
        const meant = nearest(
          path,
          keys.map((candidate) => candidate.path),
        );
        throw new ZebuError(
          'CONFIG_INVALID',
          cut === -1 ? `${flag} ${text}: expected key=value` : `${flag}: no key ${path}`,
          {
            hint: meant === undefined ? 'See `zebu config:schema` for all keys.' : `Did you mean ${meant}?`,
          },
        );
      }
      return [key, text.slice(cut + 1), { kind: 'flag', flag: `${flag} ${path}` }, `${flag} ${path}`] as const;
    }),
  );
}

/** Variables that look like a mistyped key; they would otherwise be ignored without a word. */
export function suspectVariables(
  keys: readonly ConfigKey[],
  names: Iterable<string>,
): readonly { variable: string; meant: string }[] {
  const known = new Set(keys.map((key) => key.variable));
  return [...names].flatMap((variable) => {
    if (!/^ZEBU_(APP|PROXMOX|VM|DEPLOY)_/.test(variable) || known.has(variable)) return [];
    const meant = nearest(variable, known);
    return meant === undefined ? [] : [{ variable, meant }];
  });
}
