import { describe, expect, it } from 'vitest';
import type { FirewallRule } from '../../../src/lib/proxmox/answers.js';
import {
  changesFirewall,
  firewallChange,
  isOwnRule,
  type DesiredFirewall,
  type OwnRule,
} from '../../../src/lib/vm/firewall.js';
import { firewallRequests, ruleCall, showRequest, type RuleCall } from '../../../src/lib/vm/firewall-plan.js';

/** The firewall of one VM as Proxmox keeps it and, of it, what gets in. Written after PVE/API2/Firewall/Rules.pm. */
interface Kept {
  readonly options: Readonly<Record<string, string>>;
  readonly rules: readonly FirewallRule[];
}

const numbered = (rules: readonly Omit<FirewallRule, 'pos'>[]): readonly FirewallRule[] =>
  rules.map((rule, pos) => ({ ...rule, pos, digest: 'd' }));

function serve({ options, rules }: Kept, { method, path, params }: RuleCall): Kept {
  if (path === 'options') {
    const set = Object.entries(params).map(([name, value]) => [name, String(value)]);
    return { rules, options: { ...options, ...(Object.fromEntries(set) as Record<string, string>) } };
  }
  const { moveto, delete: gone, digest: _, ...properties } = params;
  if (method === 'POST') return { options, rules: numbered([properties as unknown as FirewallRule, ...rules]) };
  const at = Number(path.split('/')[1]);
  const rule = rules[at];
  if (rule === undefined) throw new Error(`no rule at position ${at}`);
  const others = rules.filter((each) => each !== rule);
  if (method === 'DELETE') return { options, rules: numbered(others) };
  if (moveto !== undefined && moveto !== at) {
    const list = rules.flatMap((each, pos) => (each === rule ? [] : pos === moveto ? [rule, each] : [each]));
    return { options, rules: numbered(Number(moveto) >= rules.length ? [...list, rule] : list) };
  }
  const changed: Record<string, unknown> = { ...rule, ...properties };
  for (const name of String(gone ?? '').split(',')) delete changed[name];
  return { options, rules: numbered(rules.with(at, changed as unknown as FirewallRule)) };
}

interface Probe {
  readonly from: string;
  readonly port: number;
}

function matches(rule: FirewallRule, { from, port }: Probe): boolean {
  if (rule.type !== 'in' || rule.enable === 0 || rule.dest !== undefined) return false;
  if (rule.source !== undefined && !rule.source.split(',').includes(from)) return false;
  if (rule.macro !== undefined || rule.proto === 'udp') return false;
  return rule.dport === undefined || rule.dport.split(',').includes(String(port));
}

/** As iptables does: the first rule that matches decides, then the policy. */
function lets({ options, rules }: Kept, probe: Probe): boolean {
  if (options['enable'] !== '1') return true;
  const first = rules.find((rule) => matches(rule, probe));
  return first === undefined ? options['policy_in'] === 'ACCEPT' : first.action === 'ACCEPT';
}

const SOURCES = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'];
const PORTS = [22, 80, 443];
const PROBES = SOURCES.flatMap((from) => PORTS.map((port): Probe => ({ from, port })));

/** Each round is its seed, so that a failure can be looked at alone. */
function random(seed: number): <T>(choices: readonly T[]) => T {
  let state = seed * 2654435761 + 1;
  const next = (): number => {
    state = Math.imul(state ^ (state >>> 15), 2246822507) + 0x9e3779b9;
    state ^= state >>> 13;
    return (state >>> 0) / 2 ** 32;
  };
  return (choices) => choices[Math.floor(next() * choices.length)] as (typeof choices)[number];
}

type Pick = ReturnType<typeof random>;

function someSource(pick: Pick): { readonly source?: string } {
  const some = SOURCES.slice(0, 3).filter(() => pick([true, false]));
  return some.length === 0 ? {} : { source: some.join(',') };
}

function someOwnRules(pick: Pick): readonly OwnRule[] {
  const rules: OwnRule[] = [];
  for (let i = pick([1, 1, 2, 2, 3]); i > 0; i--)
    rules.push({
      comment: pick(['zebu: ssh', 'zebu: published by the app']),
      proto: 'tcp',
      dport: pick(['22', '22', '80', '80,443']),
      ...someSource(pick),
    });
  if (pick([true, false])) rules.push({ comment: 'zebu: ssh', proto: 'tcp', dport: '22', source: '2001:db8::1' });
  if (pick([true, false])) rules.push({ comment: 'zebu: ping', macro: 'Ping' });
  return rules.filter((rule, i) => rules.findIndex((each) => JSON.stringify(each) === JSON.stringify(rule)) === i);
}

const stored = (rule: OwnRule): Omit<FirewallRule, 'pos'> => ({ type: 'in', action: 'ACCEPT', enable: 1, ...rule });

function someKept(pick: Pick): Kept {
  const own = someOwnRules(pick).map((rule) => {
    const edit = pick([{}, {}, {}, {}, { enable: 0 }, { dest: '198.51.100.1' }]);
    return { ...stored(rule), ...edit };
  });
  const foreign = [
    { type: 'in', action: 'DROP', proto: 'tcp', dport: pick(['22', '80']), ...someSource(pick) },
    { type: 'in', action: 'DROP', comment: 'nobody else' },
    { type: 'in', action: 'ACCEPT', proto: 'tcp', dport: '443', comment: 'mine' },
    { type: 'out', action: 'DROP', proto: 'tcp', dport: '25' },
  ].filter(() => pick([true, false, false]));
  const rules = [...own, ...foreign.map((rule) => ({ enable: 1, ...rule }))]
    .map((rule) => ({ rule, at: pick([0, 1, 2, 3, 4, 5, 6, 7]) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ rule }) => rule);
  return {
    options: pick([{}, { enable: '1', policy_in: 'DROP' }, { enable: '1', policy_in: 'ACCEPT' }]),
    rules: numbered(rules),
  };
}

const foreignOf = ({ rules }: Kept): string =>
  JSON.stringify(rules.filter((rule) => !isOwnRule(rule)).map(({ pos: _, ...rule }) => rule));

/** Every state on the way, the first included. */
function way(desired: DesiredFirewall, from: Kept): readonly Kept[] {
  const states = [from];
  for (const request of firewallRequests(firewallChange(desired, from, true))) {
    const now = states.at(-1) ?? from;
    const call = ruleCall(request, now.rules);
    if (call === undefined) throw new Error(`${showRequest(request)}: it is not there`);
    states.push(serve(now, call));
  }
  return states;
}

const open = (state: Kept): readonly Probe[] => PROBES.filter((probe) => lets(state, probe));
const within = (some: readonly Probe[], all: readonly Probe[]): boolean => some.every((probe) => all.includes(probe));

function check(desired: DesiredFirewall, from: Kept): readonly Kept[] {
  const states = way(desired, from);
  const sets = states.map(open);
  const [before = []] = sets;
  const after = sets.at(-1) ?? before;
  // All that was open, until all is open that will be; and nobody else, ever.
  const turn = sets.findIndex((set) => within(after, set));
  sets.forEach((set, i) => {
    if (!within(i < turn ? before : after, set)) throw new Error(`request ${i} shuts somebody out`);
    if (!within(set, [...before, ...after])) throw new Error(`request ${i} lets somebody in`);
  });
  if (states.some((state) => foreignOf(state) !== foreignOf(from))) throw new Error('a rule of others was touched');
  expect(changesFirewall(firewallChange(desired, states.at(-1) ?? from, true))).toBe(false);
  return states;
}

/** More of them find more: `ZEBU_TEST_ROUNDS=20000`. */
const ROUNDS = Number(process.env['ZEBU_TEST_ROUNDS'] ?? 500);

describe('a firewall that is changed', () => {
  it('opens before it closes, wherever it is interrupted, and leaves the rules of others as they are', () => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const pick = random(seed);
      const from = someKept(pick);
      const desired: DesiredFirewall = { enabled: pick([true, true, true, false]), rules: someOwnRules(pick) };
      try {
        // What is left of an interrupted one is the beginning of the next.
        for (const state of check(desired, from)) check(desired, state);
      } catch (error) {
        throw new Error(`seed ${seed}: ${JSON.stringify({ from, desired })}`, { cause: error });
      }
    }
  });

  const rule = (more: Partial<OwnRule>): OwnRule => ({ comment: 'zebu: ssh', proto: 'tcp', dport: '22', ...more });
  const on = { enable: '1', policy_in: 'DROP', dhcp: '1' };
  const requests = (
    desired: readonly OwnRule[],
    rules: readonly Omit<FirewallRule, 'pos'>[],
    options: Record<string, string> = on,
  ): readonly string[] =>
    firewallRequests(firewallChange({ enabled: true, rules: desired }, { options, rules: numbered(rules) }, true)).map(
      showRequest,
    );

  it('turns one rule into another with one request, in which nobody is shut out', () => {
    const kept = { options: on, rules: numbered([stored(rule({ source: '192.0.2.0/24' }))]) };
    const change = firewallChange({ enabled: true, rules: [rule({ source: '192.0.2.7' })] }, kept, true);
    const [request, ...more] = firewallRequests(change);
    expect(more).toEqual([]);
    expect(request && ruleCall(request, kept.rules)).toEqual({
      method: 'PUT',
      path: 'rules/0',
      params: {
        type: 'in',
        action: 'ACCEPT',
        enable: 1,
        comment: 'zebu: ssh',
        proto: 'tcp',
        dport: '22',
        source: '192.0.2.7',
        digest: 'd',
      },
    });
  });

  it('takes away what the rule had and the new one has not', () => {
    const kept = { options: on, rules: numbered([{ ...stored(rule({ source: '192.0.2.7' })), dest: '192.0.2.9' }]) };
    const [request] = firewallRequests(firewallChange({ enabled: true, rules: [rule({})] }, kept, true));
    expect(request && ruleCall(request, kept.rules)?.params['delete']).toBe('source,dest');
  });

  it('adds all that is new before anything that was open is closed', () => {
    const old = [rule({ source: '192.0.2.1' }), rule({ source: '2001:db8::1' })].map(stored);
    expect(requests([rule({ source: '192.0.2.2' }), rule({ source: '2001:db8::2' })], old)).toEqual([
      'Open tcp 22 from 2001:db8::2',
      'Open tcp 22 from 192.0.2.2 in place of tcp 22 from 192.0.2.1',
      'Close tcp 22 from 2001:db8::1',
    ]);
  });

  it('is switched on last, and off first', () => {
    expect(requests([rule({})], [], {})).toEqual([
      'Open tcp 22',
      'Set the firewall to enable 1, policy_in DROP, dhcp 1',
    ]);
    const off = firewallChange(
      { enabled: false, rules: [] },
      { options: on, rules: numbered([stored(rule({}))]) },
      true,
    );
    expect(firewallRequests(off).map(showRequest)).toEqual(['Set the firewall to enable 0', 'Close tcp 22']);
  });

  it('needs one request a rule where nobody forbids anything, and never lets one pass what others forbid', () => {
    expect(requests([rule({})], [{ type: 'in', action: 'ACCEPT', enable: 1, comment: 'mine' }])).toEqual([
      'Open tcp 22',
    ]);
    expect(requests([rule({})], [{ type: 'in', action: 'DROP', enable: 1, comment: 'mine' }])).toEqual([
      'Prepare to open tcp 22',
      'Let the rules of others come first',
      'Open tcp 22',
    ]);
  });

  it('finds a rule where the requests before it have moved it to', () => {
    const old = stored(rule({ source: '192.0.2.1' }));
    const kept = { options: on, rules: numbered([stored(rule({ source: '2001:db8::1' })), old]) };
    const change = firewallChange(
      { enabled: true, rules: ['192.0.2.2', '192.0.2.3'].map((source) => rule({ source })) },
      kept,
      true,
    );
    const paths: string[] = [];
    let now: Kept = kept;
    for (const request of firewallRequests(change)) {
      const call = ruleCall(request, now.rules);
      if (call === undefined) throw new Error('not found');
      paths.push(`${call.method} ${call.path}`);
      now = serve(now, call);
    }
    expect(paths).toEqual(['POST rules', 'PUT rules/1', 'DELETE rules/2']);
  });
});
