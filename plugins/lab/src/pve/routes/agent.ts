import type { AgentChannel } from '../../guest/backend.js';
import { AgentRefused } from '../../guest/qga.js';
import { requirePrivilege } from '../access.js';
import { badParameters, died, PveFault } from '../fault.js';
import { bool, checkParams, int, listParam, str } from '../params.js';
import { route, type Call, type Handler, type Route } from '../router.js';
import { vmidOf, vmPath } from './common.js';

/** One privilege for all of the agent, until Proxmox VE 9 took it apart. */
type AgentPart = 'Audit' | 'FileRead' | 'FileSystemMgmt' | 'FileWrite' | 'Unrestricted';

function requireAgent({ node, caller }: Call, vmid: number, parts: readonly AgentPart[]): void {
  if (!node.isVersion9) requirePrivilege(caller, vmPath(vmid), 'VM.Monitor');
  else
    requirePrivilege(
      caller,
      vmPath(vmid),
      ...new Set([...parts, 'Unrestricted'].map((part) => `VM.GuestAgent.${part}`)),
    );
}

/** The agent of a running VM. @throws PVE's 500s for stopped, without agent, not answering */
async function channel(call: Call, ...parts: readonly AgentPart[]): Promise<AgentChannel> {
  const { node } = call;
  const vmid = vmidOf(call);
  requireAgent(call, vmid, parts);
  const record = node.vm(vmid);
  const spec = node.spec(vmid, record);
  if (!(await node.isRunning(vmid, record))) throw died(`VM ${vmid} is not running`);
  if (!spec.agent) throw died('No QEMU guest agent configured');
  const agent = node.backend.agent(spec);
  await agent.call('guest-ping', undefined, SILENCE_MS).catch(() => {
    throw died('QEMU guest agent is not running');
  });
  return agent;
}

/** So long a node waits for an agent that says nothing. */
const SILENCE_MS = 3000;

async function ask(agent: AgentChannel, command: string, args?: Record<string, unknown>): Promise<unknown> {
  try {
    return await agent.call(command, args, 10_000);
  } catch (error) {
    throw died(`Agent error: ${(error as Error).message}`);
  }
}

/** What the agent said; that it refused is a result, too. */
async function resultOf(agent: AgentChannel, command: string): Promise<{ readonly result: unknown }> {
  try {
    return { result: await agent.call(command, undefined, 10_000) };
  } catch (error) {
    if (error instanceof AgentRefused) return { result: { error: { class: error.errorClass, desc: error.message } } };
    throw died(`VM qga command '${command}' failed - ${(error as Error).message}`);
  }
}

/** A command of the agent without parameters. */
function simple(name: string, method: 'GET' | 'POST', ...parts: readonly AgentPart[]): Route {
  return route(method, `/nodes/{node}/qemu/{vmid}/agent/${name}`, async (call) =>
    resultOf(await channel(call, ...(parts.length === 0 ? ['Audit' as const] : parts)), `guest-${name}`),
  );
}

/** Only where the guest has disks of its own: others would trim this machine's. */
const trim: Handler = async (call) => {
  const agent = await channel(call, 'FileSystemMgmt');
  if (call.node.backend.kind !== 'qemu') throw new PveFault(501, 'the file systems of this guest are not its own');
  return resultOf(agent, 'guest-fstrim');
};

const exec: Handler = async (call) => {
  requireAgent(call, vmidOf(call), []);
  const command = listParam(call.raw, 'command');
  const { 'input-data': input } = checkParams(call.raw, {
    command: { type: 'list', required: true },
    'input-data': { ...str, maxLength: 65_536 },
  });
  const [path, ...args] = command;
  const agent = await channel(call);
  try {
    return await agent.call('guest-exec', {
      path,
      arg: args,
      'capture-output': true,
      ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
    });
  } catch (error) {
    // That a program is not there is said with typographic quotes, and no worker of a real node survives those.
    throw died(`Agent error: ${(error as Error).message}`);
  }
};

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

const decode = (data: string): string => Buffer.from(data, 'base64').toString('utf8');

const execStatus: Handler = async (call) => {
  const { pid } = checkParams(call.raw, { pid: { ...int, required: true } });
  const status = (await ask(await channel(call), 'guest-exec-status', { pid: Number(pid) })) as ExecStatus;
  return {
    exited: status.exited ? 1 : 0,
    ...(status.exitcode === undefined ? {} : { exitcode: status.exitcode }),
    ...(status.signal === undefined ? {} : { signal: status.signal }),
    ...(status['out-data'] === undefined ? {} : { 'out-data': decode(status['out-data']), 'out-truncated': 0 }),
    ...(status['err-data'] === undefined ? {} : { 'err-data': decode(status['err-data']), 'err-truncated': 0 }),
  };
};

const READ_CHUNK = 1024 * 1024;
const READ_LIMIT = 16 * 1024 * 1024;

const fileRead: Handler = async (call) => {
  const { file } = checkParams(call.raw, { file: { ...str, required: true } });
  const agent = await channel(call, 'FileRead');
  const handle = await ask(agent, 'guest-file-open', { path: file, mode: 'r' });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for (;;) {
      const part = (await ask(agent, 'guest-file-read', { handle, count: READ_CHUNK })) as {
        'buf-b64': string;
        eof: boolean;
      };
      const bytes = Buffer.from(part['buf-b64'], 'base64');
      chunks.push(bytes);
      size += bytes.length;
      if (part.eof) return { content: Buffer.concat(chunks).toString('latin1'), 'bytes-read': size };
      if (size >= READ_LIMIT)
        return { content: Buffer.concat(chunks).toString('latin1'), 'bytes-read': size, truncated: 1 };
    }
  } finally {
    await ask(agent, 'guest-file-close', { handle });
  }
};

/**
 * Base64 is made of bytes: text of another kind kills the method. A program of the host has every character in that form
 * that is not ASCII; over REST what fits into a byte passes.
 */
function checkBytes({ local }: Call, content: string): void {
  const wide = local ? /[^\0-\x7f]/ : /[^\0-\xff]/;
  if (wide.test(content))
    throw died('Wide character in subroutine entry at /usr/share/perl5/PVE/API2/Qemu/Agent.pm line 624.');
}

const fileWrite: Handler = async (call) => {
  const params = checkParams(call.raw, {
    file: { ...str, required: true },
    content: { ...str, required: true, maxLength: 61_440 },
    encode: bool,
  });
  const content = params['content'] ?? '';
  if (params['encode'] !== '0') checkBytes(call, content);
  const agent = await channel(call, 'FileWrite');
  const handle = await ask(agent, 'guest-file-open', { path: params['file'], mode: 'wb' });
  const data = params['encode'] === '0' ? content : Buffer.from(content).toString('base64');
  try {
    await ask(agent, 'guest-file-write', { handle, 'buf-b64': data });
  } finally {
    await ask(agent, 'guest-file-close', { handle });
  }
  return null;
};

/** `POST agent?command=…`: the old form. */
const any: Handler = async (call) => {
  const { command = '' } = checkParams(call.raw, { command: { ...str, required: true } });
  if (!/^[a-z-]+$/.test(command))
    throw badParameters({ command: `value '${command}' does not have a value in the enumeration` });
  return resultOf(await channel(call), `guest-${command}`);
};

export const agentRoutes: readonly Route[] = [
  simple('ping', 'POST'),
  simple('info', 'GET'),
  simple('network-get-interfaces', 'GET'),
  simple('get-osinfo', 'GET'),
  simple('get-host-name', 'GET'),
  simple('get-fsinfo', 'GET'),
  simple('get-time', 'GET'),
  simple('get-timezone', 'GET'),
  simple('get-users', 'GET'),
  simple('get-vcpus', 'GET'),
  simple('fsfreeze-status', 'POST', 'Audit', 'FileSystemMgmt'),
  simple('fsfreeze-freeze', 'POST', 'FileSystemMgmt'),
  simple('fsfreeze-thaw', 'POST', 'FileSystemMgmt'),
  route('POST', '/nodes/{node}/qemu/{vmid}/agent/fstrim', trim),
  route('POST', '/nodes/{node}/qemu/{vmid}/agent/exec', exec),
  route('GET', '/nodes/{node}/qemu/{vmid}/agent/exec-status', execStatus),
  route('GET', '/nodes/{node}/qemu/{vmid}/agent/file-read', fileRead),
  route('POST', '/nodes/{node}/qemu/{vmid}/agent/file-write', fileWrite),
  route('POST', '/nodes/{node}/qemu/{vmid}/agent', any),
];
