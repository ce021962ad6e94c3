import type { TransportDeclaration, TransportKey } from '@zebu/kit';

/** A key of the section `proxmox` that one or several transports declare. */
export interface DeclaredKey {
  /** Below `proxmox`, as `user`. */
  readonly name: string;
  readonly rules: TransportKey;
  /** For the reference: whose key it is, and what it says. */
  readonly description: string;
}

const quoted = (ids: readonly string[]): string => ids.map((id) => `\`${id}\``).join(', ');

/**
 * Declarations by key, in the order of the transports.
 * @param chosen the transport that is used: where several declare a key, its rules are the ones that count
 */
export function declaredKeys(transports: readonly TransportDeclaration[], chosen?: string): readonly DeclaredKey[] {
  const declared = transports.flatMap(({ id, keys = {} }) =>
    Object.entries(keys).map(([name, rules]) => ({ id, name, rules })),
  );
  return [...Map.groupBy(declared, ({ name }) => name)].flatMap(([name, all]) => {
    const [first] = all;
    if (first === undefined) return [];
    const sentences = Map.groupBy(all, ({ rules }) => rules.description);
    return [
      {
        name,
        rules: (all.find(({ id }) => id === chosen) ?? first).rules,
        description: [...sentences].map(([sentence, by]) => `${quoted(by.map(({ id }) => id))}: ${sentence}`).join(' '),
      },
    ];
  });
}

/** What the reference says of `proxmox.transport`. */
export const transportDescription = (transports: readonly TransportDeclaration[]): string =>
  `How Proxmox is reached: ${quoted(transports.map(({ id }) => id))}, or the id of an installed plugin.`;

/** What the reference says of `proxmox.host`. */
export function hostDescription(transports: readonly TransportDeclaration[]): string {
  const others = transports.flatMap(({ id, host }) => (host === undefined ? [] : [`, or for \`${id}\` ${host.or}`]));
  return `Address of the Proxmox host${others.join('')}.`;
}

/** What the reference says of `proxmox.port`. */
export function portDescription(transports: readonly TransportDeclaration[]): string {
  const defaults = transports.flatMap(({ id, port }) =>
    port === undefined ? [] : [`for \`${id}\` ${port.default}${port.or === undefined ? '' : ` or ${port.or}`}`],
  );
  return `Port on the host.${defaults.length === 0 ? '' : ` Default: ${defaults.join('; ')}.`}`;
}

/** The key that says who logs in on the host, with its section; undefined where the transport has none. */
export function loginKey(transports: readonly TransportDeclaration[], chosen: string): string | undefined {
  const key = declaredKeys(transports.filter(({ id }) => id === chosen)).find(({ rules }) => rules.tells === 'user');
  return key === undefined ? undefined : `proxmox.${key.name}`;
}
