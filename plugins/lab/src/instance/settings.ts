import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createHash } from 'node:crypto';
import { ZebuError } from '@zebu/kit';
import type { GuestKind } from '../guest/backend.js';
import type { ProgramSettings } from '../host/settings.js';
import type { PveMajor } from '../pve/versions.js';

/** What was decided when a lab was made; kept until it is taken down. */
export interface LabSettings {
  readonly name: string;
  /** Tells this lab's devices from another's, even one of the same name in another state directory. */
  readonly instanceId: string;
  /** The node whose API and host shell the lab offers. */
  readonly node: string;
  /** How many nodes the cluster has; left out: one. */
  readonly nodes?: number;
  /** Major version it answers as; left out: 8. */
  readonly pve?: PveMajor;
  /** How the node's own programs behave; left out: as on a real node, without the regression. */
  readonly programs?: ProgramSettings;
  /** Milliseconds that each answer of the API is held back; left out: none. */
  readonly answerMs?: number;
  readonly guests: GuestKind;
  readonly apiPort: number;
  readonly sshPort: number;
  readonly mirrorPort: number;
  /** Such as `10.87.3`: the first three bytes of a /24. */
  readonly prefix: string;
}

export interface WantedSettings {
  readonly name: string;
  readonly stateDir: string;
  readonly node: string;
  readonly nodes: number;
  readonly pve: PveMajor;
  readonly programs: ProgramSettings;
  readonly answerMs: number;
  readonly guests: GuestKind;
  readonly apiPort?: number | undefined;
  readonly sshPort?: number | undefined;
  readonly subnet?: string | undefined;
}

/** `pve`, `pve2`, `pve3`: the first is the one `--node` names. */
export function nodeNames({ node, nodes = 1 }: Pick<LabSettings, 'node' | 'nodes'>): readonly string[] {
  return Array.from({ length: nodes }, (_, i) => (i === 0 ? node : `${node}${i + 1}`));
}

export async function readSettings(file: string): Promise<LabSettings | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LabSettings;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeSettings(file: string, settings: LabSettings): Promise<void> {
  await writeFile(`${file}.part`, JSON.stringify(settings, undefined, 2));
  await rename(`${file}.part`, file);
}

async function freePort(wanted: number | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use' : error.message;
      reject(
        new ZebuError('LAB_FAILED', `Port ${wanted ?? 0} on 127.0.0.1 ${reason}`, {
          hint: 'Choose another one, or none.',
        }),
      );
    });
    server.listen(wanted ?? 0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A /24 no interface of this machine is in, the same one for the same lab as long as it is free. */
function choosePrefix(instanceId: string, inUse: readonly string[]): string {
  const seed = createHash('sha256').update(instanceId).digest();
  for (let i = 0; i < 31; i++) {
    const prefix = `10.${128 + ((seed[i] ?? 0) % 100)}.${seed[i + 1] ?? 0}`;
    if (!inUse.some((address) => address.startsWith(`${prefix}.`))) return prefix;
  }
  throw new ZebuError('LAB_FAILED', 'No free 10.x.y.0/24 network on this machine', { hint: 'Name one with --subnet.' });
}

function parseSubnet(text: string): string {
  const [, prefix] = /^((?:\d{1,3}\.){2}\d{1,3})\.0\/24$/.exec(text) ?? [];
  if (prefix === undefined || !/^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(`${prefix}.`)) {
    throw new ZebuError('USAGE', `--subnet ${text}: expected a private /24 network such as 10.77.0.0/24`);
  }
  return prefix;
}

/** Fills in ports and a network that are free. */
export async function chooseSettings(wanted: WantedSettings): Promise<LabSettings> {
  const instanceId = `${wanted.name}@${wanted.stateDir}`;
  const inUse = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return {
    name: wanted.name,
    instanceId,
    node: wanted.node,
    nodes: wanted.nodes,
    pve: wanted.pve,
    programs: wanted.programs,
    answerMs: wanted.answerMs,
    guests: wanted.guests,
    apiPort: await freePort(wanted.apiPort),
    sshPort: await freePort(wanted.sshPort),
    mirrorPort: await freePort(undefined),
    prefix: wanted.subnet === undefined ? choosePrefix(instanceId, inUse) : parseSubnet(wanted.subnet),
  };
}
