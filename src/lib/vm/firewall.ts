import type { Config } from '../config/schema.js';
import { parsePort, type PortRange } from '../config/port.js';
import type { FirewallRule } from '../proxmox/answers.js';

/** The host-level firewall of a VM: what zebu.yml opens, as rules of Proxmox, and how to get there from what is there. */

export interface DesiredFirewall {
  readonly enabled: boolean;
  readonly rules: readonly OwnRule[];
}

/** A rule as zebu writes it: everything it does not name is left out. */
export interface OwnRule {
  readonly comment: string;
  readonly macro?: string;
  readonly proto?: string;
  readonly dport?: string;
  readonly source?: string;
}

/** Rules are recognised by the start of their comment; all others are somebody else's. */
const MARK = 'zebu:';

export const isOwnRule = (rule: FirewallRule): boolean => rule.comment?.startsWith(MARK) === true;

/** iptables takes no more numbers in one rule; a range counts as two. */
const PORTS_PER_RULE = 15;

const shownPort = ({ first, last }: PortRange): string => (first === last ? String(first) : `${first}:${last}`);

function portLists(ports: readonly PortRange[]): readonly string[] {
  const lists: string[][] = [];
  let numbers = PORTS_PER_RULE;
  for (const port of ports) {
    const size = port.first === port.last ? 1 : 2;
    if (numbers + size > PORTS_PER_RULE) {
      lists.push([]);
      numbers = 0;
    }
    numbers += size;
    lists.at(-1)?.push(shownPort(port));
  }
  return lists.map((list) => list.join(','));
}

/** A list of sources may not mix IPv4 and IPv6; none at all is everybody. */
function sourceLists(sources: readonly string[]): readonly (string | undefined)[] {
  if (sources.length === 0) return [undefined];
  const families = [sources.filter((each) => !each.includes(':')), sources.filter((each) => each.includes(':'))];
  return families.filter((list) => list.length > 0).map((list) => list.toSorted().join(','));
}

function accept(what: string, ports: readonly PortRange[], from: readonly string[]): readonly OwnRule[] {
  return (['tcp', 'udp'] as const).flatMap((proto) =>
    portLists(ports.filter((port) => port.protocol === proto)).flatMap((dport) =>
      sourceLists(from).map((source) => ({
        comment: `${MARK} ${what}`,
        proto,
        dport,
        ...(source === undefined ? {} : { source }),
      })),
    ),
  );
}

const known = (ports: readonly (number | string)[]): readonly PortRange[] =>
  ports.map(parsePort).filter((port) => port !== undefined);

/** @param published what the app's Compose files publish; `vm.firewall.publish` takes its place when it is set */
export function desiredFirewall(vm: Config['vm'], published: readonly PortRange[]): DesiredFirewall {
  const { enabled, ssh_from: sshFrom, publish, allow } = vm.firewall;
  return {
    enabled,
    rules: [
      ...accept('ssh', known([vm.ssh_port]), sshFrom),
      { comment: `${MARK} ping`, macro: 'Ping' },
      ...accept('published by the app', publish === undefined ? published : known(publish), []),
      ...allow.flatMap(({ port, from }) => accept('allowed by vm.firewall.allow', known([port]), from)),
    ],
  };
}

export interface ObservedFirewall {
  readonly options: Readonly<Record<string, string>>;
  readonly rules: readonly FirewallRule[];
}

const sorted = (list: string | undefined): string => (list ?? '').split(',').toSorted().join(',');

/** Two rules that let the same through have the same text. */
function ruleText(rule: OwnRule | FirewallRule): string {
  const ports = rule.dport === undefined ? '' : ` ${sorted(rule.dport)}`;
  const what = rule.macro ?? `${rule.proto ?? 'all'}${ports}`;
  return `${what}${rule.source === undefined ? '' : ` from ${sorted(rule.source)}`}`;
}

/** How a rule is shown to people: `tcp 22 from 192.0.2.0/24`. */
export function showRule(rule: OwnRule | FirewallRule): string {
  const foreign = 'type' in rule && (rule.type !== 'in' || rule.action !== 'ACCEPT');
  return `${foreign ? `${rule.type} ${rule.action} ` : ''}${ruleText(rule)}`;
}

/** Whether a rule with our mark is still as we write them; somebody may have edited it. */
function isIntact(rule: FirewallRule): boolean {
  const { type, action, enable = 1, iface, sport, dest, 'icmp-type': icmp } = rule;
  return type === 'in' && action === 'ACCEPT' && enable === 1 && (iface ?? sport ?? dest ?? icmp) === undefined;
}

export interface FirewallChange {
  /** Options to set; empty when they are right. */
  readonly options: Readonly<Record<string, number | string>>;
  readonly add: readonly OwnRule[];
  readonly remove: readonly FirewallRule[];
  /** All rules with our mark, as they are. */
  readonly own: readonly FirewallRule[];
  /** Rules without our mark: left alone. */
  readonly foreign: readonly FirewallRule[];
}

function wantedOptions(desired: DesiredFirewall, dhcp: boolean): Readonly<Record<string, number | string>> {
  if (!desired.enabled) return { enable: 0 };
  return { enable: 1, policy_in: 'DROP', ...(dhcp ? { dhcp: 1 } : {}) };
}

/**
 * What has to change so that exactly what zebu.yml opens is open, besides what rules of others open. A firewall that is
 * off in zebu.yml is not touched, unless zebu had switched it on before.
 * @param dhcp whether the VM asks for its address
 */
export function firewallChange(desired: DesiredFirewall, observed: ObservedFirewall, dhcp: boolean): FirewallChange {
  const own = observed.rules.filter(isOwnRule);
  const foreign = observed.rules.filter((rule) => !isOwnRule(rule));
  if (!desired.enabled && own.length === 0) return { options: {}, add: [], remove: [], own, foreign };
  const options = Object.fromEntries(
    Object.entries(wantedOptions(desired, dhcp)).filter(([name, value]) => observed.options[name] !== String(value)),
  );
  const missing = desired.enabled ? [...desired.rules] : [];
  const remove = own.filter((rule) => {
    const index = isIntact(rule) ? missing.findIndex((each) => ruleText(each) === ruleText(rule)) : -1;
    if (index !== -1) missing.splice(index, 1);
    return index === -1;
  });
  return { options, add: missing, remove, own, foreign };
}

export const changesFirewall = ({ options, add, remove }: FirewallChange): boolean =>
  Object.keys(options).length + add.length + remove.length > 0;
