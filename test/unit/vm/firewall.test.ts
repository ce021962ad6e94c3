import { describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../../../src/lib/config/schema.js';
import type { FirewallRule } from '../../../src/lib/proxmox/answers.js';
import { frontPorts } from '../../../src/lib/vm/desired.js';
import { changesFirewall, desiredFirewall, firewallChange } from '../../../src/lib/vm/firewall.js';

const vm = (firewall: unknown = {}, more: object = {}): Config['vm'] =>
  configSchema.parse({ app: { name: 'shop' }, vm: { firewall, ...more } }).vm;

const web = [{ protocol: 'tcp', first: 443, last: 443 }] as const;
const desired = (firewall: unknown = {}, more: object = {}) => desiredFirewall(vm(firewall, more), web);

/** What Proxmox keeps of our rules. */
const stored = (rules: readonly object[]): FirewallRule[] =>
  rules.map((rule, pos) => ({ type: 'in', action: 'ACCEPT', enable: 1, pos, ...rule }));

const RIGHT = { enable: '1', policy_in: 'DROP', dhcp: '1' };

describe('desiredFirewall', () => {
  it('opens SSH, ping and what the app publishes', () => {
    expect(desired().rules).toEqual([
      { comment: 'zebu: ssh', proto: 'tcp', dport: '22' },
      { comment: 'zebu: ping', macro: 'Ping' },
      { comment: 'zebu: published by the app', proto: 'tcp', dport: '443' },
    ]);
  });

  it('opens SSH on its port to the sources given, each family in a rule of its own', () => {
    const { rules } = desired({ ssh_from: ['192.0.2.0/24', '2001:db8::/32', '10.0.0.1'] }, { ssh_port: 2222 });
    expect(rules.filter((rule) => rule.comment === 'zebu: ssh')).toEqual([
      { comment: 'zebu: ssh', proto: 'tcp', dport: '2222', source: '10.0.0.1,192.0.2.0/24' },
      { comment: 'zebu: ssh', proto: 'tcp', dport: '2222', source: '2001:db8::/32' },
    ]);
  });

  it('takes vm.firewall.publish in the place of the Compose files', () => {
    const { rules } = desired({ publish: [80, '8000-8010', '53/udp'] });
    expect(rules.slice(2)).toEqual([
      { comment: 'zebu: published by the app', proto: 'tcp', dport: '80,8000:8010' },
      { comment: 'zebu: published by the app', proto: 'udp', dport: '53' },
    ]);
    expect(desired({ publish: [] }).rules).toHaveLength(2);
  });

  it('opens the ports of the front proxy, which is in no Compose file', () => {
    const ports = (proxy: object): readonly string[] => {
      const { app } = configSchema.parse({
        app: { name: 'shop', proxy: { routes: [{ service: 'web', port: 1 }], ...proxy } },
      });
      return frontPorts(app.proxy).map(({ first, protocol }) => `${first}/${protocol}`);
    };
    expect(ports({})).toEqual(['80/tcp']);
    expect(ports({ domains: ['a.test'], https_port: 8443 })).toEqual(['80/tcp', '8443/tcp', '8443/udp']);
    expect(ports({ domains: ['a.test'], tls: 'off', http_port: 8080 })).toEqual(['8080/tcp']);
    expect(frontPorts(undefined)).toEqual([]);
  });

  it('puts no more ports into a rule than iptables takes', () => {
    const many = Array.from({ length: 20 }, (_, i) => 8000 + i * 2);
    const lists = desired({ publish: [...many, '9000-9001'] })
      .rules.slice(2)
      .map((rule) => rule.dport?.split(/[,:]/).length);
    expect(lists).toEqual([15, 7]);
  });

  it.each([['x'], [0], [70_000], ['9-1'], ['80/icmp']])('refuses %s as a port', (port) => {
    expect(configSchema.safeParse({ app: { name: 'a' }, vm: { firewall: { publish: [port] } } }).success).toBe(false);
  });
});

describe('firewallChange', () => {
  const change = (rules: readonly FirewallRule[], options: Record<string, string> = RIGHT, firewall: unknown = {}) =>
    firewallChange(desired(firewall), { options, rules }, true);

  it('switches on and adds everything where there is nothing', () => {
    const { options, add, remove } = change([], {});
    expect(options).toEqual({ enable: 1, policy_in: 'DROP', dhcp: 1 });
    expect([add.length, remove.length]).toEqual([3, 0]);
  });

  it('finds its own rules again, in any order and with lists in any order', () => {
    const rules = stored(desired({ publish: [80, 443] }).rules.toReversed()).map((rule) =>
      rule.dport === '80,443' ? { ...rule, dport: '443,80', ipversion: 4 } : rule,
    );
    expect(changesFirewall(change(rules, RIGHT, { publish: [80, 443] }))).toBe(false);
  });

  it('adds what was deleted and takes away what is not wanted any more', () => {
    const [ssh = {}, , old = {}] = desired().rules;
    const { add, remove } = change(stored([ssh, old]), RIGHT, { publish: [] });
    expect(add.map((rule) => rule.comment)).toEqual(['zebu: ping']);
    expect(remove.map((rule) => rule.dport)).toEqual(['443']);
  });

  it('leaves rules of others alone, and names them', () => {
    const foreign = { type: 'in', action: 'DROP', proto: 'tcp', dport: '22', comment: 'mine', enable: 1, pos: 0 };
    const found = change([foreign, ...stored(desired().rules)]);
    expect(changesFirewall(found)).toBe(false);
    expect(found.foreign).toEqual([foreign]);
  });

  it('replaces a rule of its own that was switched off or narrowed', () => {
    const [ssh = {}, ...rest] = desired().rules;
    for (const edit of [{ enable: 0 }, { action: 'DROP' }, { dest: '192.0.2.1' }, { source: '192.0.2.1' }]) {
      const { add, remove } = change(stored([{ ...ssh, ...edit }, ...rest]));
      expect([add.map((rule) => rule.comment), remove.length]).toEqual([['zebu: ssh'], 1]);
    }
  });

  it('does not keep the same rule twice', () => {
    const { rules } = desired();
    expect(change(stored([...rules, rules[0] ?? {}])).remove).toHaveLength(1);
  });

  it('touches nothing when it is off, unless zebu had switched it on', () => {
    const off = { enabled: false };
    expect(changesFirewall(change([], { enable: '1' }, off))).toBe(false);
    const { options, remove } = change(stored(desired().rules), RIGHT, off);
    expect(options).toEqual({ enable: 0 });
    expect(remove).toHaveLength(3);
  });
});
