/** A lab that is what the recorder's node was when the commands were typed: the same VMs, images, users and backups. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { commandLine } from '../../../plugins/kit/src/quote.js';
import type { LabReport } from '../../../plugins/lab/src/instance/results.js';
import { rolePrivileges } from '../../../src/lib/doctor/role.js';
import { fault } from '../lab-control.js';
import { nodeOf } from '../node.js';
import { ownLab, type OwnLab } from '../own-lab.js';
import { adminAuth, pveRequest, type HttpAnswer } from '../pve-http.js';
import type { Request, Typed, Who } from './recordings.js';

/** The role as it was when the node was asked: copies of the VM came later, and with them VM.Clone. */
const RECORDED_ROLE = rolePrivileges(9).filter((name) => name !== 'VM.Clone');

/** In place of the key that was taken out; nothing in it needs to be escaped. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIBiLdYhMpQ7Vd0Z5G2cQ1rS8tU6vW9xY3zA4bC5dE7fG';
/** The small image on the recorder's node, and where it was downloaded from. */
const RECORDED = { sum: '1b7af784841125887e688254229e282829e17245d0e47fe7280da9b68a30d9e1', port: '127.0.0.1:8099' };

export interface Said {
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Replayed {
  readonly lab: LabReport;
  /** Types a recorded command. */
  type(command: Typed): Promise<Said>;
  /** Sends a recorded request. */
  send(request: Request): Promise<HttpAnswer>;
  /** Something the recorder did without writing it down, as root; a task is waited for. */
  ask(method: string, path: string, params?: Readonly<Record<string, string>>): Promise<unknown>;
  /** Gives zebu's role all it is documented to have, but for one privilege. */
  setRole(without?: string): Promise<unknown>;
  /** The next task of this type goes wrong. */
  failTask(type: string, reason: string): Promise<void>;
  /** The next request with this in its path is answered so. */
  failRequest(path: string, status: number, reason: string): Promise<void>;
  down(): Promise<void>;
}

/** What was recorded ↔ what it is here. */
function translation(pairs: readonly (readonly [string, string])[]): {
  here(text: string): string;
  back(text: string): string;
} {
  const replaced = (text: string, from: 0 | 1): string =>
    pairs.reduce((part, pair) => part.replaceAll(pair[from], pair[from === 0 ? 1 : 0]), text);
  return { here: (text) => replaced(text, 0), back: (text) => replaced(text, 1) };
}

/** Serves images as the recorder's web server did. */
async function imageServer(files: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file === undefined || !existsSync(file)) {
      response.writeHead(404, 'File not found').end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': statSync(file).size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Over one connection for all of them, as zebu has it. */
function runOnHost({ ssh, stateDir }: LabReport, argv: readonly string[], input: string): Promise<Said> {
  const words = [
    ...['-q', '-i', ssh.identityFile, '-o', `UserKnownHostsFile=${ssh.knownHostsFile}`, '-p', String(ssh.port)],
    ...['-o', 'ControlMaster=auto', '-o', `ControlPath=${join(stateDir, 'replay.sock')}`, '-o', 'ControlPersist=120'],
  ];
  const child = spawn('ssh', [...words, `${ssh.user}@${ssh.host}`, commandLine(argv)]);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  // A program that does not read all of it ends before that.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ rc: code ?? 255, stdout, stderr })));
}

/** @param run how a command is typed on the node */
export async function nodeAsRecorded(run = runOnHost): Promise<Replayed> {
  const own: OwnLab = await ownLab('recordings-9', '--pve', '9.2', '--pvesh-regression');
  const lab = own.report;
  const node = nodeOf(lab);
  const importFolder = join(lab.stateDir, 'vz/import');
  mkdirSync(importFolder, { recursive: true });
  const tiny = join(importFolder, 'tiny.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', tiny, '64M']);
  const server = await imageServer({
    '/tiny.qcow2': tiny,
    '/debian-13-test.qcow2': join(importFolder, 'debian-13-test.qcow2'),
  });
  const words = translation([
    [RECORDED.sum, createHash('sha256').update(readFileSync(tiny)).digest('hex')],
    [RECORDED.port, `127.0.0.1:${(server.address() as AddressInfo).port}`],
    ['<key>', KEY],
    // Whatever a schedule was, the recorder's node took it.
    ['sometimes', 'hourly'],
    ['10.77.0.', lab.network.subnet.replace(/0\/24$/, '')],
  ]);
  const tokens = new Map<Who, string>([['root', adminAuth(lab)]]);
  await makeUsers(node, tokens);
  return {
    lab,
    type: async ({ argv, name }) => {
      const input = name.startsWith('427-') ? 'x'.repeat(1024 * 1024 + 2) : '';
      const said = await run(
        lab,
        argv.map((word) => words.here(word)),
        input,
      );
      return { rc: said.rc, stdout: words.back(said.stdout), stderr: words.back(said.stderr) };
    },
    send: async ({ as, method, path, params }) => {
      const here = JSON.parse(words.here(JSON.stringify(params ?? {}))) as Record<string, string>;
      const answer = await pveRequest(lab, { method, path, params: here, auth: tokens.get(as) });
      return { ...answer, body: JSON.parse(words.back(JSON.stringify(answer.body))) as unknown };
    },
    ask: (method, path, params) =>
      node.ask(method, path, params && (JSON.parse(words.here(JSON.stringify(params))) as Record<string, string>)),
    setRole: (without) =>
      node.ask('PUT', '/access/roles/Zebu', {
        privs: RECORDED_ROLE.filter((name) => name !== without).join(' '),
      }),
    failTask: (type, reason) => fault(lab, { kind: 'fail-task', task: type, reason }),
    failRequest: (path, status, reason) => fault(lab, { kind: 'status', path, status, reason }),
    down: async () => {
      server.close();
      await own.down();
    },
  };
}

async function makeUsers(node: ReturnType<typeof nodeOf>, tokens: Map<Who, string>): Promise<void> {
  await node.ask('POST', '/access/roles', { roleid: 'Zebu', privs: RECORDED_ROLE.join(' ') });
  for (const userid of ['zebu@pve', 'weak@pve']) await node.ask('POST', '/access/users', { userid });
  await node.ask('PUT', '/access/acl', { path: '/', users: 'zebu@pve', roles: 'Zebu' });
  const token = async (who: Who, userid: string, name: string, params: Record<string, string>): Promise<void> => {
    const path = `/access/users/${userid}/token/${name}`;
    const made = await node.ask<{ 'full-tokenid': string; value: string }>('POST', path, { privsep: '0', ...params });
    tokens.set(who, `PVEAPIToken=${made['full-tokenid']}=${made.value}`);
  };
  await token('zebu', 'zebu@pve', 'cli', {});
  await token('expired', 'zebu@pve', 'exp', { expire: '1700000000' });
  await token('weak', 'weak@pve', 'cli', {});
  tokens.set(
    'wrong-secret',
    (tokens.get('zebu') ?? '').replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  );
}
