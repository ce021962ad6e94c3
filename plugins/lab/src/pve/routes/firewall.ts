import { requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import { bool, checkParams, int, str, type Params, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import { MACROS, portsProblem, sourceProblem } from '../firewall-rule.js';
import { emptyFirewall, type FirewallRule, type VmFirewall } from '../state.js';
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
  source: { type: 'string', format: sourceProblem },
  dest: { type: 'string', format: sourceProblem },
  proto: {
    type: 'string',
    format: (text) =>
      PROTOCOLS.includes(text) || /^\d+$/.test(text) ? undefined : `invalid format - unknown protocol '${text}'\n`,
  },
  dport: { type: 'string', format: portsProblem },
  sport: { type: 'string', format: portsProblem },
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

/** Nobody looks whether there is such a VM: its file is read, or made. */
function firewall(call: Call, write: boolean): VmFirewall {
  const vmid = vmidOf(call);
  requirePrivilege(call.caller, vmPath(vmid), write ? 'VM.Config.Network' : 'VM.Audit');
  const { state } = call.node.file;
  const found = state.vms[String(vmid)]?.firewall ?? state.orphanFirewalls[String(vmid)];
  if (found !== undefined) return found;
  const made = emptyFirewall();
  if (write) state.orphanFirewalls[String(vmid)] = made;
  return made;
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
  const { macro } = params;
  if (macro !== undefined && !MACROS.has(macro)) throw badParameters({ macro: `unknown macro '${macro}'` });
  if (params['dport'] !== undefined && params['proto'] === undefined) {
    throw badParameters({ proto: "missing property - 'dport' requires this property" });
  }
}

function ruleAt(rules: readonly FirewallRule[], call: Call): { rule: FirewallRule; pos: number } {
  const pos = Number(call.path['pos']);
  const rule = rules[pos];
  if (rule === undefined) throw died(`no rule at position ${call.path['pos'] ?? ''}`);
  return { rule, pos };
}

async function getOptions(call: Call): Promise<unknown> {
  const { options } = firewall(call, false);
  return { ...options, digest: Object.keys(options).length === 0 ? EMPTY_DIGEST : digest(options) };
}

async function putOptions(call: Call): Promise<unknown> {
  const { options } = firewall(call, true);
  const params = checkParams(call.raw, OPTIONS);
  for (const [name, value] of Object.entries(params)) {
    if (!NOT_STORED.has(name)) options[name] = /^\d+$/.test(value) ? Number(value) : value;
  }
  for (const name of (params['delete'] ?? '').split(',')) delete options[name];
  call.node.file.save();
  return null;
}

async function addRule(call: Call): Promise<unknown> {
  const { rules } = firewall(call, true);
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
  const { rules } = firewall(call, true);
  const params = checkParams(call.raw, RULE);
  if (params['macro'] !== undefined) checkRule(params);
  const { rule, pos } = ruleAt(rules, call);
  checkDigest(params, rules);
  const moveto = Number(params['moveto'] ?? pos);
  if (moveto === pos) {
    Object.assign(rule, stored(params));
    for (const name of (params['delete'] ?? '').split(',')) delete rule[name];
  } else {
    // Before the rule that has that position now; other parameters are not looked at.
    rules.splice(moveto, 0, rule);
    rules.splice(moveto < pos ? pos + 1 : pos, 1);
  }
  call.node.file.save();
  return null;
}

async function deleteRule(call: Call): Promise<unknown> {
  const params = checkParams(call.raw, { digest: str });
  const { rules } = firewall(call, true);
  const { pos } = ruleAt(rules, call);
  checkDigest(params, rules);
  rules.splice(pos, 1);
  call.node.file.save();
  return null;
}

async function addIpSet(call: Call): Promise<unknown> {
  const { ipsets } = firewall(call, true);
  const params = checkParams(call.raw, { name: { ...str, required: true }, comment: str, rename: str, digest: str });
  const name = params['name'] ?? '';
  if (ipsets[name] !== undefined) throw badParameters({ name: `IPSet '${name}' already exists` });
  ipsets[name] = { ...(params['comment'] === undefined ? {} : { comment: params['comment'] }), entries: [] };
  call.node.file.save();
  return null;
}

function ipset(call: Call, write: boolean): VmFirewall['ipsets'][string] {
  const name = call.path['name'] ?? '';
  const set = firewall(call, write).ipsets[name];
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
    const { rules } = firewall(call, false);
    return rules.map((rule, pos) => shown(rule, pos, rules));
  }),
  route('POST', `${BASE}/rules`, addRule),
  route('GET', `${BASE}/rules/{pos}`, async (call) => {
    const { rules } = firewall(call, false);
    const { rule, pos } = ruleAt(rules, call);
    return shown(rule, String(pos), rules);
  }),
  route('PUT', `${BASE}/rules/{pos}`, putRule),
  route('DELETE', `${BASE}/rules/{pos}`, deleteRule),
  route('GET', `${BASE}/ipset`, async (call) =>
    Object.entries(firewall(call, false).ipsets).map(([name, set]) => ({
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
    Object.entries(firewall(call, false).ipsets).map(([name, set]) => ({
      type: 'ipset',
      name,
      scope: 'guest',
      ref: `+${name}`,
      ...(set.comment === undefined ? {} : { comment: set.comment }),
    })),
  ),
];
