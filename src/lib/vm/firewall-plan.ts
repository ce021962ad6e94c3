import type { FirewallRule } from '../proxmox/answers.js';
import { showRule, type FirewallChange, type OwnRule } from './firewall.js';

/**
 * The order in which a firewall is changed, so that it may stop after any request: until everything that zebu.yml opens
 * is open, all that was open stays so; and from then on only what is no longer wanted is closed. Rules of others keep
 * their content and their order throughout.
 *
 * The requests are sent one after the other: Proxmox locks the firewall of a VM for each, and whoever finds it locked
 * tries again a second later.
 */
export type FirewallRequest =
  /** Opens by itself (switching off) or closes (switching on, dropping what no rule accepts). */
  | { readonly kind: 'options'; readonly set: Readonly<Record<string, number | string>> }
  /** Proxmox puts it first, whatever position it is told. */
  | { readonly kind: 'add'; readonly rule: OwnRule; readonly enable: 0 | 1 }
  /** A rule that is not in force yet, from the top to behind another one; undefined is behind all. */
  | { readonly kind: 'move'; readonly rule: OwnRule; readonly behind: FirewallRule | undefined }
  | { readonly kind: 'enable'; readonly rule: OwnRule }
  /** One rule becomes another in its place, with one request. */
  | { readonly kind: 'swap'; readonly from: FirewallRule; readonly to: OwnRule }
  | { readonly kind: 'remove'; readonly rule: FirewallRule };

/** Every property a rule of a VM can have, but for where it stands. */
const PROPERTIES = [
  'type',
  'action',
  'enable',
  'comment',
  'macro',
  'proto',
  'dport',
  'sport',
  'source',
  'dest',
  'iface',
  'icmp-type',
] as const;

const isAccept = (rule: FirewallRule): boolean => rule.type === 'in' && rule.action === 'ACCEPT';

/** Whether it matters where our rules stand among those of others: they forbid something, or may. */
const forbids = (rule: FirewallRule): boolean => rule.type !== 'out' && !isAccept(rule);

const written = (rule: OwnRule, enable: 0 | 1): Omit<FirewallRule, 'pos'> => ({
  type: 'in',
  action: 'ACCEPT',
  enable,
  ...rule,
});

/** @returns the requests in order; none when nothing has to change */
export function firewallRequests(change: FirewallChange): readonly FirewallRequest[] {
  const { options, foreign } = change;
  const opens = options['enable'] === 0;
  const optionsRequest: readonly FirewallRequest[] =
    Object.keys(options).length === 0 ? [] : [{ kind: 'options', set: options }];
  // A rule of ours that somebody edited so that it forbids is removed before anything is closed.
  const refusals = change.remove.filter((rule) => !isAccept(rule));
  const closing = change.remove.filter(isAccept);
  const add = [...change.add];
  const swaps: FirewallRequest[] = [];
  const ordered = foreign.some(forbids);
  // A rule that is off may stem from an interrupted run, and stand before the forbidding rules of others.
  const standing = (rule: FirewallRule): boolean => !ordered || (rule.enable ?? 1) !== 0;
  for (const from of closing.filter(standing)) {
    const at = add.findIndex(({ comment }) => comment === from.comment);
    const to = add[at];
    if (to === undefined) continue;
    // Only where one rule replaces one: of two, the first could close what only the second opens again.
    swaps.push({ kind: 'swap', from, to });
    add.splice(at, 1);
    closing.splice(closing.indexOf(from), 1);
    break;
  }
  return [
    ...(opens ? optionsRequest : []),
    ...add.flatMap((rule): readonly FirewallRequest[] => {
      if (!ordered) return [{ kind: 'add', rule, enable: 1 }];
      // New rules are put first and moved then; until then they are off, so that what others forbid is never open.
      const before = change.own.findLast((own) => own.comment === rule.comment && standing(own));
      return [
        { kind: 'add', rule, enable: 0 },
        { kind: 'move', rule, behind: before },
        { kind: 'enable', rule },
      ];
    }),
    ...refusals.map((rule): FirewallRequest => ({ kind: 'remove', rule })),
    ...swaps,
    ...closing.map((rule): FirewallRequest => ({ kind: 'remove', rule })),
    ...(opens ? [] : optionsRequest),
  ];
}

const list = (text: string): string => text.split(',').toSorted().join(',');

/** The same rule, wherever it stands by now. */
function isSame(a: Omit<FirewallRule, 'pos'>, b: Omit<FirewallRule, 'pos'>): boolean {
  return PROPERTIES.every((name) => {
    if (name === 'enable') return (a.enable ?? 1) === (b.enable ?? 1);
    return list(a[name] ?? '') === list(b[name] ?? '');
  });
}

export interface RuleCall {
  readonly method: 'DELETE' | 'POST' | 'PUT';
  /** Below the firewall of the VM. */
  readonly path: string;
  readonly params: Readonly<Record<string, number | string>>;
}

/** Properties that a rule has and the one in its place has not. */
const surplus = (from: FirewallRule, to: OwnRule): readonly string[] =>
  PROPERTIES.filter((name) => from[name] !== undefined && !(name in written(to, 1)));

/** Which rule a request is about; undefined when it needs no position. */
function subject(request: FirewallRequest): Omit<FirewallRule, 'pos'> | undefined {
  switch (request.kind) {
    case 'move':
    case 'enable':
      return written(request.rule, 0);
    case 'swap':
      return request.from;
    case 'remove':
      return request.rule;
    case 'add':
    case 'options':
      return undefined;
  }
}

export const needsPosition = (request: FirewallRequest): boolean => subject(request) !== undefined;

/**
 * The request itself, given the rules as they are now.
 * @returns undefined when the rule it is about is not there
 */
export function ruleCall(request: FirewallRequest, rules: readonly FirewallRule[]): RuleCall | undefined {
  if (request.kind === 'options') return { method: 'PUT', path: 'options', params: request.set };
  if (request.kind === 'add')
    return { method: 'POST', path: 'rules', params: { ...stated(written(request.rule, request.enable)) } };
  const wanted = subject(request);
  const found = rules.find((rule) => wanted !== undefined && isSame(rule, wanted));
  if (found === undefined) return undefined;
  const path = `rules/${found.pos}`;
  // By it Proxmox refuses when somebody has moved the rules since they were read.
  const digest = found.digest === undefined ? {} : { digest: found.digest };
  switch (request.kind) {
    case 'move': {
      const behind = rules.find((rule) => request.behind !== undefined && isSame(rule, request.behind));
      return {
        method: 'PUT',
        path,
        params: { moveto: behind === undefined ? rules.length : behind.pos + 1, ...digest },
      };
    }
    case 'enable':
      return { method: 'PUT', path, params: { enable: 1, ...digest } };
    case 'swap': {
      const gone = surplus(request.from, request.to);
      return {
        method: 'PUT',
        path,
        params: {
          ...stated(written(request.to, 1)),
          ...(gone.length === 0 ? {} : { delete: gone.join(',') }),
          ...digest,
        },
      };
    }
    case 'remove':
      return { method: 'DELETE', path, params: digest };
  }
}

const stated = (rule: Omit<FirewallRule, 'pos'>): Record<string, number | string> =>
  Object.fromEntries(Object.entries(rule).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** The rules as they will be after a request that went well; with no digest, which only Proxmox knows. */
export function afterRequest(request: FirewallRequest, rules: readonly FirewallRule[]): readonly FirewallRule[] {
  const call = ruleCall(request, rules);
  const at = Number(call?.path.split('/')[1] ?? -1);
  const number = (list: readonly Omit<FirewallRule, 'pos'>[]): readonly FirewallRule[] =>
    list.map(({ digest: _, ...rule }, pos) => ({ ...rule, pos }));
  const found = rules[at];
  switch (request.kind) {
    case 'options':
      return rules;
    case 'add':
      return number([written(request.rule, request.enable), ...rules]);
    case 'move': {
      const to = Number(call?.params['moveto'] ?? 0);
      if (found === undefined) return rules;
      return number([...rules.slice(0, to).filter((rule) => rule !== found), found, ...rules.slice(to)]);
    }
    case 'enable':
      return number(rules.map((rule, pos) => (pos === at ? { ...rule, enable: 1 } : rule)));
    case 'swap':
      return number(rules.map((rule, pos) => (pos === at ? written(request.to, 1) : rule)));
    case 'remove':
      return number(rules.filter((_, pos) => pos !== at));
  }
}

/** For people. */
export function showRequest(request: FirewallRequest): string {
  switch (request.kind) {
    case 'options': {
      const values = Object.entries(request.set).map(([name, value]) => `${name} ${value}`);
      return `Set the firewall to ${values.join(', ')}`;
    }
    case 'add':
      return request.enable === 1 ? `Open ${showRule(request.rule)}` : `Prepare to open ${showRule(request.rule)}`;
    case 'move':
      return 'Let the rules of others come first';
    case 'enable':
      return `Open ${showRule(request.rule)}`;
    case 'swap':
      return `Open ${showRule(request.to)} in place of ${showRule(request.from)}`;
    case 'remove':
      return `Close ${showRule(request.rule)}`;
  }
}
