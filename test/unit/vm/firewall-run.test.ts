import { pveError } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/lib/context/context.js';
import type { FirewallRule } from '../../../src/lib/proxmox/answers.js';
import { changeSteps, nothingOfFirewall } from '../../../src/lib/vm/change.js';
import { firewallChange, type OwnRule } from '../../../src/lib/vm/firewall.js';
import { toNodeName, toVmid } from '../../../src/lib/proxmox/ids.js';
import type { InspectedVm } from '../../../src/lib/vm/inspect.js';
import { planStep } from '../../../src/lib/vm/provision/run.js';
import { clientOf, fakeClock, silentIo, type Asked } from '../../support/slow-proxmox.js';

const ssh = (source: string): OwnRule => ({ comment: 'zebu: ssh', proto: 'tcp', dport: '22', source });
const FOREIGN = { type: 'in', action: 'ACCEPT', enable: 1, comment: 'mine' };

/** The rules of one VM, with a digest that changes with them. */
class Node {
  rules: readonly Omit<FirewallRule, 'pos'>[];
  /** What somebody else does right before a request is served. */
  readonly meanwhile: (asked: Asked) => void;

  constructor(rules: readonly Omit<FirewallRule, 'pos'>[], meanwhile: (asked: Asked) => void = () => {}) {
    this.rules = rules;
    this.meanwhile = meanwhile;
  }

  list(): FirewallRule[] {
    const digest = JSON.stringify(this.rules);
    return this.rules.map((rule, pos) => ({ ...rule, pos, digest }));
  }

  readonly serve = (asked: Asked): unknown => {
    this.meanwhile(asked);
    const { method, path, params } = asked;
    if (method === 'GET') return this.list();
    const { digest, ...rule } = params;
    if (method === 'POST') {
      this.rules = [rule as FirewallRule, ...this.rules];
      return null;
    }
    if (digest !== JSON.stringify(this.rules)) {
      const reason = 'detected modified configuration - file changed by other user? Try again.';
      throw pveError({ method, path, status: 500, reason });
    }
    const at = Number(path.split('/').at(-1));
    this.rules = method === 'DELETE' ? this.rules.toSpliced(at, 1) : this.rules.with(at, rule as FirewallRule);
    return null;
  };
}

const stored = (rule: OwnRule): Omit<FirewallRule, 'pos'> => ({ type: 'in', action: 'ACCEPT', enable: 1, ...rule });

async function apply(node: Node, wanted: readonly OwnRule[]): Promise<readonly string[]> {
  const observed = { options: { enable: '1', policy_in: 'DROP' }, rules: node.list() };
  const firewall = { ...nothingOfFirewall, ...firewallChange({ enabled: true, rules: wanted }, observed, false) };
  const target = { node: toNodeName('pve'), vmid: toVmid(100) };
  const client = clientOf(node.serve);
  const context = { io: silentIo(), clock: fakeClock(), signal: new AbortController().signal, config: {} };
  for (const step of changeSteps({ config: [], firewall }, {
    ...target,
    firewall: observed,
  } as unknown as InspectedVm)) {
    const report = { update: () => {}, output: () => {}, done: () => {} };
    await planStep(context as unknown as Context, client, target, step).run(report);
  }
  return client.asked.map(({ method, path }) => `${method} ${path.split('/firewall/')[1] ?? ''}`);
}

describe('a change of firewall rules', () => {
  it('takes one request for a rule that became another', async () => {
    const node = new Node([FOREIGN, stored(ssh('192.0.2.1'))]);
    expect(await apply(node, [ssh('192.0.2.2')])).toEqual(['PUT rules/1']);
    expect(node.rules).toEqual([FOREIGN, stored(ssh('192.0.2.2'))]);
  });

  it('takes one request for each rule that is new', async () => {
    const node = new Node([]);
    const wanted = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(ssh);
    expect(await apply(node, wanted)).toEqual(['POST rules', 'POST rules', 'POST rules']);
  });

  it('never hits the rule of somebody else who inserted one in the middle of it', async () => {
    let inserted = false;
    const node = new Node([stored(ssh('192.0.2.1')), stored(ssh('192.0.2.2'))], ({ method }) => {
      if (method !== 'DELETE' || inserted) return;
      inserted = true;
      node.rules = [FOREIGN, ...node.rules];
    });
    const requests = await apply(node, [ssh('192.0.2.2')]);
    expect(requests).toEqual(['DELETE rules/0', 'GET rules', 'DELETE rules/1']);
    expect(node.rules).toEqual([FOREIGN, stored(ssh('192.0.2.2'))]);
  });

  it('is content when somebody has taken the old rule away already', async () => {
    const node = new Node([stored(ssh('192.0.2.1')), stored(ssh('192.0.2.2'))], ({ method }) => {
      if (method === 'DELETE') node.rules = node.rules.slice(1);
    });
    await apply(node, [ssh('192.0.2.2')]);
    expect(node.rules).toEqual([stored(ssh('192.0.2.2'))]);
  });

  it('closes nothing when the rule to be changed is not what it was', async () => {
    const node = new Node([stored(ssh('192.0.2.1')), stored(ssh('192.0.2.2'))], ({ method }) => {
      if (method === 'PUT') node.rules = node.rules.map((rule) => ({ ...rule, enable: 0 }));
    });
    await expect(apply(node, [ssh('192.0.2.3')])).rejects.toMatchObject({ code: 'VM_DIFFERS' });
    expect(node.rules).toHaveLength(2);
  });
});
