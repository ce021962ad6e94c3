/**
 * What a real node's API schema says of its parameters, asked of the lab: whatever Proxmox VE would refuse before doing
 * anything, the lab must refuse with the same words.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { ROUTES } from '../../../plugins/lab/src/pve/api.js';
import { schemaOf, type SchemaParameter } from '../../../plugins/lab/src/pve/schema.js';
import { nodeOf } from '../../support/node.js';
import { adminAuth, pveRequest } from '../../support/pve-http.js';

interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, SchemaParameter>>;
}

const answered = new Set(ROUTES.map(({ method, template }) => `${method} ${template}`));
const endpoints = Object.entries(schemaOf(theLab().version))
  .filter(([name]) => answered.has(name))
  .map(([name, parameters]): Endpoint => {
    const [method = '', path = ''] = name.split(' ');
    // Of numbered parameters the first.
    const first = Object.entries(parameters).map(([key, spec]) => [key.replace('[n]', '0'), spec] as const);
    return { method, path, parameters: Object.fromEntries(first) };
  });

const lab = theLab();
const node = nodeOf(lab);
const VMID = '9300';
const STORAGE = 'parameters';
let upid = '';

/** Something that is there, so that it is the parameter and not the path that is wrong. */
function concrete(path: string): string {
  const values: Readonly<Record<string, string>> = {
    node: lab.node,
    vmid: VMID,
    storage: STORAGE,
    snapname: 'kept',
    pos: '0',
    name: 'some',
    upid,
    volume: `${STORAGE}:import/nothing.qcow2`,
    userid: 'parameters@pve',
    tokenid: 'kept',
    roleid: 'Parameters',
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? name));
}

async function refusals(
  { method, path }: Endpoint,
  params: Readonly<Record<string, string>>,
): Promise<{ status: number; reason: string; errors: Readonly<Record<string, string>> }> {
  const { status, reason, body } = await pveRequest(lab, {
    method,
    path: concrete(path),
    params,
    auth: adminAuth(lab),
  });
  return { status, reason, errors: (body as { errors?: Record<string, string> }).errors ?? {} };
}

/** A value this parameter cannot have, and what Proxmox says to it; undefined when any text is as good. */
function wrong({ type, minimum, maximum, values, pattern }: SchemaParameter): readonly [string, string] | undefined {
  if (values !== undefined)
    return ['nonsense', `value 'nonsense' does not have a value in the enumeration '${values.join(', ')}'`];
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test('\t'))
    return ['\t', 'value does not match the regex pattern'];
  if (type === 'boolean' || type === 'integer') return ['nonsense', `type check ('${type}') failed - got 'nonsense'`];
  if (type === 'number') return ['nonsense', "type check ('number') failed - got 'nonsense'"];
  if (minimum !== undefined) return [String(minimum - 1), `value must have a minimum value of ${minimum}`];
  if (maximum !== undefined) return [String(maximum + 1), `value must have a maximum value of ${maximum}`];
  return undefined;
}

function outOfRange({ type, minimum, maximum, vmid }: SchemaParameter): readonly [string, string] | undefined {
  if (vmid === true) return ['5', 'invalid format - value does not look like a valid VM ID'];
  if (type !== 'integer' && type !== 'number') return undefined;
  if (minimum !== undefined) return [String(minimum - 1), `value must have a minimum value of ${minimum}`];
  if (maximum !== undefined) return [String(maximum + 1), `value must have a maximum value of ${maximum}`];
  return undefined;
}

beforeAll(async () => {
  await node.ask('POST', '/storage', {
    storage: STORAGE,
    type: 'dir',
    path: '/var/lib/vz',
    content: 'import,iso,backup',
  });
  upid = await node.ask('POST', `/nodes/${lab.node}/qemu`, { vmid: VMID, memory: '64', name: 'parameters' });
  await node.ask('POST', `/nodes/${lab.node}/qemu/${VMID}/firewall/ipset`, { name: 'some' });
  await node.ask('POST', `/nodes/${lab.node}/qemu/${VMID}/firewall/rules`, { type: 'in', action: 'ACCEPT' });
  await node.ask('POST', `/nodes/${lab.node}/qemu/${VMID}/snapshot`, { snapname: 'kept' });
  await node.ask('POST', '/access/users', { userid: 'parameters@pve' });
  await node.ask('POST', '/access/users/parameters@pve/token/kept');
  await node.ask('POST', '/access/roles', { roleid: 'Parameters', privs: 'VM.Audit' });
});
afterAll(async () => {
  await node.ask('DELETE', `/nodes/${lab.node}/qemu/${VMID}`).catch(() => undefined);
  await node.ask('DELETE', '/access/users/parameters@pve').catch(() => undefined);
  await node.ask('DELETE', '/access/roles/Parameters').catch(() => undefined);
  await node.ask('DELETE', `/storage/${STORAGE}`).catch(() => undefined);
});

/** Not in the schemas the lab has, which are those of what concerns VMs; and what `qm unlock` does without the API. */
const NO_SCHEMA =
  /^[A-Z]+ \/(cluster\/notifications|cluster\/jobs\/schedule-analyze$|nodes\/\{node\}\/qemu\/\{vmid\}\/unlock$)/;

it('knows the parameters of everything the lab answers', () => {
  const known = { ...schemaOf('8.4.21'), ...schemaOf('9.2.11') };
  const unknown = [...answered].filter((name) => !Object.hasOwn(known, name));
  expect(unknown.filter((name) => !NO_SCHEMA.test(name))).toEqual([]);
});

describe.each(endpoints)('$method $path', (endpoint) => {
  it('refuses a parameter it does not know', async () => {
    const { status, reason, errors } = await refusals(endpoint, { 'no-such-thing': '1' });
    expect([status, reason]).toEqual([400, 'Parameter verification failed.']);
    expect(errors['no-such-thing']).toBe(
      'property is not defined in schema and the schema does not allow additional properties',
    );
    for (const [name, { required }] of Object.entries(endpoint.parameters))
      if (required === true) expect(errors).toHaveProperty(name, 'property is missing and it is not optional');
  });

  it('refuses what a parameter cannot be', async () => {
    const missed: string[] = [];
    for (const judge of [wrong, outOfRange]) {
      const tried = Object.entries(endpoint.parameters).flatMap(([name, spec]) => {
        const bad = judge(spec);
        return bad === undefined ? [] : [[name, ...bad] as const];
      });
      if (tried.length === 0) continue;
      // All at once: every problem has to be told.
      const params = Object.fromEntries(tried.map(([name, value]) => [name, value]));
      const { status, errors } = await refusals(endpoint, params);
      expect(status).toBe(400);
      for (const [name, , said] of tried) {
        // What the lab does not know at all it refuses too, in other words; it is not kinder than Proxmox.
        const found = errors[name] ?? 'accepted';
        if (!found.startsWith('property is not defined') && found.trim() !== said) missed.push(`${name}: ${found}`);
      }
    }
    expect(missed).toEqual([]);
  });
});
