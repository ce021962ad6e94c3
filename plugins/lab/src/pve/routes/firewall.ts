import { requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import { bool, checkParams, int, str, type Params, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { FirewallRule, VmRecord } from '../state.js';
import { digest, vmidOf, vmPath } from './common.js';

/** Firewall objects are stored and answered; the lab filters no packet. */

const EMPTY_DIGEST = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
const POLICY = { type: 'string' as const, values: ['ACCEPT', 'REJECT', 'DROP'] };
const OPTIONS: ParamSpecs = {
  enable: bool,
  dhcp: bool,
  ndp: bool,
  radv: bool,
  macfilter: bool,
  ipfilter: bool,
  policy_in: POLICY,
  policy_out: POLICY,
  log_level_in: str,
  log_level_out: str,
  delete: str,
  digest: str,
};

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'icmpv6', 'ipv6-icmp', 'sctp', 'gre', 'esp', 'ah', 'all'];
const RULE: ParamSpecs = {
  type: { type: 'string', values: ['in', 'out', 'forward', 'group'] },
  action: { type: 'string', maxLength: 20 },
  macro: str,
  iface: str,
  source: str,
  dest: str,
  proto: {
    type: 'string',
    format: (text) =>
      PROTOCOLS.includes(text) || /^\d+$/.test(text) ? undefined : `invalid format - unknown protocol '${text}'\n`,
  },
  dport: str,
  sport: str,
  comment: str,
  log: str,
  'icmp-type': str,
  enable: { type: 'integer', minimum: 0 },
  pos: int,
  moveto: int,
  delete: str,
  digest: str,
};

const NOT_STORED = new Set(['pos', 'moveto', 'delete', 'digest']);

function record(call: Call, write: boolean): VmRecord {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), write ? 'VM.Config.Network' : 'VM.Audit');
  return call.node.vm(vmid);
}

function stored(params: Params): FirewallRule {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => !NOT_STORED.has(name))
      .map(([name, value]) => [name, name === 'enable' ? Number(value) : value]),
  );
}

/** What a rule is answered with: its position, and the IP version its addresses imply. */
function shown(rule: FirewallRule, pos: number | string, all: unknown): Record<string, unknown> {
  const address = String(rule['source'] ?? rule['dest'] ?? '');
  return {
    ...rule,
    pos,
    digest: digest(all),
    ...(/^\d+\./.test(address) && typeof pos === 'number' ? { ipversion: 4 } : {}),
  };
}

function checkRule(params: Params): void {
  if (params['dport'] !== undefined && params['proto'] === undefined) {
    throw badParameters({ proto: "missing property - 'dport' requires this property" });
  }
}

function ruleAt(vm: VmRecord, call: Call): { rule: FirewallRule; pos: number } {
  const pos = Number(call.path['pos']);
  const rule = vm.firewall.rules[pos];
  if (rule === undefined) throw died(`no rule at position ${call.path['pos'] ?? ''}`);
  return { rule, pos };
}

async function getOptions(call: Call): Promise<unknown> {
  const { options } = record(call, false).firewall;
  return { ...options, digest: Object.keys(options).length === 0 ? EMPTY_DIGEST : digest(options) };
}

async function putOptions(call: Call): Promise<unknown> {
  const { options } = record(call, true).firewall;
  const params = checkParams(call.raw, OPTIONS);
  for (const [name, value] of Object.entries(params)) {
    if (!NOT_STORED.has(name)) options[name] = /^\d+$/.test(value) ? Number(value) : value;
  }
  for (const name of (params['delete'] ?? '').split(',')) delete options[name];
  call.node.file.save();
  return null;
}

async function addRule(call: Call): Promise<unknown> {
  const { rules } = record(call, true).firewall;
  const params = checkParams(call.raw, {
    ...RULE,
    type: { ...RULE['type'], type: 'string', required: true },
    action: { type: 'string', required: true },
  });
  checkRule(params);
  // New rules go first, whatever `pos` says.
  rules.unshift({ enable: 0, ...stored(params) });
  call.node.file.save();
  return null;
}

/** Rules go by position: a change somebody made in between must not hit another one. */
function checkDigest(params: Params, rules: readonly FirewallRule[]): void {
  if (params['digest'] === undefined || params['digest'] === digest(rules)) return;
  throw died('detected modified configuration - file changed by other user? Try again.');
}

async function putRule(call: Call): Promise<unknown> {
  const vm = record(call, true);
  const params = checkParams(call.raw, RULE);
  const { rule, pos } = ruleAt(vm, call);
  checkDigest(params, vm.firewall.rules);
  const moveto = Number(params['moveto'] ?? pos);
  if (moveto === pos) {
    Object.assign(rule, stored(params));
    for (const name of (params['delete'] ?? '').split(',')) delete rule[name];
  } else {
    // Before the rule that has that position now; other parameters are not looked at.
    vm.firewall.rules.splice(moveto, 0, rule);
    vm.firewall.rules.splice(moveto < pos ? pos + 1 : pos, 1);
  }
  call.node.file.save();
  return null;
}

async function deleteRule(call: Call): Promise<unknown> {
  const params = checkParams(call.raw, { digest: str });
  const vm = record(call, true);
  const { pos } = ruleAt(vm, call);
  checkDigest(params, vm.firewall.rules);
  vm.firewall.rules.splice(pos, 1);
  call.node.file.save();
  return null;
}

async function addIpSet(call: Call): Promise<unknown> {
  const { ipsets } = record(call, true).firewall;
  const params = checkParams(call.raw, { name: { ...str, required: true }, comment: str, rename: str, digest: str });
  const name = params['name'] ?? '';
  if (ipsets[name] !== undefined) throw badParameters({ name: `IPSet '${name}' already exists` });
  ipsets[name] = { ...(params['comment'] === undefined ? {} : { comment: params['comment'] }), entries: [] };
  call.node.file.save();
  return null;
}

function ipset(call: Call, write: boolean): VmRecord['firewall']['ipsets'][string] {
  const name = call.path['name'] ?? '';
  const set = record(call, write).firewall.ipsets[name];
  if (set === undefined) throw died(`no such IPSet '${name}'`);
  return set;
}

async function addEntry(call: Call): Promise<unknown> {
  const params = checkParams(call.raw, { cidr: { ...str, required: true }, comment: str, nomatch: bool });
  ipset(call, true).entries.push({
    cidr: params['cidr'] ?? '',
    ...(params['comment'] === undefined ? {} : { comment: params['comment'] }),
  });
  call.node.file.save();
  return null;
}

const BASE = '/nodes/{node}/qemu/{vmid}/firewall';

export const firewallRoutes: readonly Route[] = [
  route('GET', '/cluster/firewall/options', async (call) => {
    requirePrivilege(call.caller, '/', 'Sys.Audit');
    const { firewall } = call.node.file.state;
    return { ...firewall, digest: Object.keys(firewall).length === 0 ? EMPTY_DIGEST : digest(firewall) };
  }),
  route('PUT', '/cluster/firewall/options', async (call) => {
    const { delete: removed = '', ...params } = checkParams(call.raw, {
      enable: int,
      policy_in: POLICY,
      policy_out: POLICY,
      delete: str,
      digest: str,
    });
    requirePrivilege(call.caller, '/', 'Sys.Modify');
    const { firewall } = call.node.file.state;
    for (const [name, value] of Object.entries(params))
      if (!NOT_STORED.has(name)) firewall[name] = /^\d+$/.test(value) ? Number(value) : value;
    for (const name of removed.split(',')) delete firewall[name];
    call.node.file.save();
    return null;
  }),
  route('GET', `${BASE}/options`, getOptions),
  route('PUT', `${BASE}/options`, putOptions),
  route('GET', `${BASE}/rules`, async (call) => {
    const { rules } = record(call, false).firewall;
    return rules.map((rule, pos) => shown(rule, pos, rules));
  }),
  route('POST', `${BASE}/rules`, addRule),
  route('GET', `${BASE}/rules/{pos}`, async (call) => {
    const vm = record(call, false);
    const { rule, pos } = ruleAt(vm, call);
    return shown(rule, String(pos), vm.firewall.rules);
  }),
  route('PUT', `${BASE}/rules/{pos}`, putRule),
  route('DELETE', `${BASE}/rules/{pos}`, deleteRule),
  route('GET', `${BASE}/ipset`, async (call) =>
    Object.entries(record(call, false).firewall.ipsets).map(([name, set]) => ({
      name,
      ...(set.comment === undefined ? {} : { comment: set.comment }),
      digest: digest(set),
    })),
  ),
  route('POST', `${BASE}/ipset`, addIpSet),
  route('GET', `${BASE}/ipset/{name}`, async (call) => {
    const set = ipset(call, false);
    return set.entries.map((entry) => ({ ...entry, digest: digest(set) }));
  }),
  route('POST', `${BASE}/ipset/{name}`, addEntry),
  route('GET', `${BASE}/refs`, async (call) =>
    Object.entries(record(call, false).firewall.ipsets).map(([name, set]) => ({
      type: 'ipset',
      name,
      scope: 'guest',
      ref: `+${name}`,
      ...(set.comment === undefined ? {} : { comment: set.comment }),
    })),
  ),
];
