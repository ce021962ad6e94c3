import { MASK } from '@zebu/kit/core';
import { showConfig } from '../config/show.js';
import { isTree } from '../config/layers.js';
import type { LoadedConfig } from '../config/load.js';
import { declaredKeys } from '../config/transport-keys.js';
import type { Names, NameKind } from '../redaction/names.js';

/** Keys whose values identify a place or a person, in forms that no pattern recognises: a host without a dot, a login. */
const OWN_TELLING: Readonly<Record<string, NameKind>> = {
  'proxmox.host': 'host',
  'proxmox.node': 'host',
  'app.proxy.domains': 'host',
  'app.proxy.email': 'email',
  'vm.name': 'host',
  'vm.user': 'user',
  'vm.network.search': 'host',
};

/** Lists of entries for plugins: only `use` is shown, the rest is the plugin's own. */
const OPAQUE = /^(proxmox\.options|secret_sources)(\.|$)/;

const strings = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(strings) : [];

/** With those that transports declare. */
function tellingKeys({ transports }: LoadedConfig): ReadonlyMap<string, NameKind | 'destination'> {
  return new Map([
    ...Object.entries(OWN_TELLING),
    ...declaredKeys(transports).flatMap(({ name, rules: { tells } }) =>
      tells === undefined ? [] : [[`proxmox.${name}`, tells] as const],
    ),
  ]);
}

/** `[user@]host[:port]`, also several of them. */
function learnDestinations(text: string, names: Names): void {
  for (const each of text.split(',')) {
    const [user, host] = each.split(/@(?=[^@]*$)/);
    if (host !== undefined) names.learn('user', user);
    names.learn('host', (host ?? user)?.replace(/:\d+$/, ''));
  }
}

/** Makes the names of the configuration known, so that they are found in what the rest of the bundle says. */
export function learnFromConfig(loaded: LoadedConfig, names: Names): void {
  const telling = tellingKeys(loaded);
  for (const { key, value } of showConfig(loaded).values) {
    const kind = telling.get(key);
    if (kind === undefined) continue;
    for (const each of strings(value)) {
      if (kind === 'destination') learnDestinations(each, names);
      // The VM is called as its app, which stays readable: it is a part of every container's name.
      else if (each !== loaded.config.app.name) names.learn(kind, each);
    }
  }
  for (const probe of loaded.config.deploy.probes)
    if ('tcp' in probe) names.learn('host', probe.tcp.replace(/:\d+$/, ''));
}

/** A value without what may be secret in it. @param path dotted, without the places in lists */
function shownValue(
  path: string,
  value: unknown,
  names: Names,
  telling: ReadonlyMap<string, NameKind | 'destination'>,
): unknown {
  const last = path.slice(path.lastIndexOf('.') + 1);
  if (typeof value === 'string') {
    const kind = telling.get(path);
    // What a destination is made of is found in the text of all sections. `root` and `deploy` say nothing about anybody.
    if (kind !== undefined && kind !== 'destination')
      return kind === 'user' && names.isOrdinary(value) ? value : names.of(kind, value);
    if (path === 'vm.ssh_keys') return /\s/.test(value) ? names.of('key', value.split(/\s+/)[1] ?? value) : value;
    return (OPAQUE.test(path) && last !== 'use') || last === 'command' || last === 'body' ? MASK : value;
  }
  if (Array.isArray(value)) {
    // The program says what is done; an argument may be a password.
    if (last === 'command') return value.map((word: unknown, at) => (at === 0 && !OPAQUE.test(path) ? word : MASK));
    return value.map((each: unknown) => shownValue(path, each, names, telling));
  }
  if (isTree(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, shownValue(`${path}.${name}`, each, names, telling)]),
    );
  return value;
}

/** A line for each key that is set: its value and where that came from; then which variables there are. */
export function configurationText(loaded: LoadedConfig, names: Names): string {
  const { file, environment, values } = showConfig(loaded);
  const telling = tellingKeys(loaded);
  const rows = values
    .filter(({ value, origin }) => origin !== 'default' || value !== null)
    .map(({ key, value, origin }) => `${key}  ${JSON.stringify(shownValue(key, value, names, telling))}  (${origin})`);
  return [`file ${file}`, `environment ${environment ?? 'none'}`, '', ...rows].join('\n');
}
